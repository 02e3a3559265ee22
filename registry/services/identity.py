"""The only door to names and numbers: whoever looks leaves an entry in the trail."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Invalid, NotFound
from registry.domain.history import Source
from registry.domain.identifiers.kinds import Terms
from registry.domain.identifiers.masking import masked as masked_number
from registry.domain.identity_documents import (
    IdentityDocument,
    ShownDocument,
    Telephone,
    read_documents,
    read_telephones,
)
from registry.domain.merge_cases import Finding, MergeCase
from registry.domain.parties import Party, fresh_id
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.registration import missing
from registry.domain.responsibility import LONGEST_REASON, too_long
from registry.persistence.unit_of_work import UnitOfWork
from registry.persistence.vault import IndexKey, Vault, VaultKey
from registry.persistence.vault_documents import DocumentVault, Keys
from registry.services.policy_in_force import on_record


@dataclass(frozen=True, slots=True)
class Papers:
    """The documents and telephones of a party, masked or clear."""

    party: str
    documents: tuple[IdentityDocument, ...] = field(repr=False)
    telephones: tuple[Telephone, ...] = field(repr=False)


class Identity:
    """Keeps names and numbers sealed and opens them for a named actor."""

    def __init__(
        self,
        vault_key: bytes,
        index_key: bytes,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        """Seal with a key of 32 bytes, and find by another."""
        self._key = VaultKey(vault_key)
        self._keys = Keys(self._key, IndexKey(index_key))
        self._policy = policy
        self._clock = clock

    def keep(self, uow: UnitOfWork, names: Mapping[str, str]) -> None:
        """Seal the names of new parties."""
        Vault(uow.session, self._key).put(names)

    def seal(self, text: str, place: str) -> bytes:
        """Seal a text that waits to be recorded, for the one place it is kept at."""
        return self._key.seal(text, place)

    def open(self, sealed: bytes, place: str) -> str:
        """Open a text that waits to be recorded."""
        return self._key.open(sealed, place)

    def agreeing(
        self, uow: UnitOfWork, claims: Iterable[tuple[str, str]]
    ) -> frozenset[tuple[str, str]]:
        """Return those of some (party, name) that are as recorded; names stay here."""
        asked = set(claims)
        recorded = Vault(uow.session, self._key).names({party for party, _ in asked})
        return frozenset(c for c in asked if recorded.get(c[0]) == c[1])

    def nameless(self, uow: UnitOfWork, parties: Iterable[str]) -> frozenset[str]:
        """Return those of some parties whose name nobody gave."""
        asked = set(parties)
        return frozenset(asked - Vault(uow.session, self._key).named(asked))

    def forget(self, uow: UnitOfWork, parties: Iterable[str]) -> None:
        """Delete the names of parties that should not have been recorded."""
        Vault(uow.session, self._key).forget(parties)

    def reveal(
        self,
        uow: UnitOfWork,
        parties: Iterable[str],
        actor: str,
        reason: str | None = None,
    ) -> dict[str, str]:
        """Return names by party: masked, or clear when a reason is given.

        Needs a writing unit of work: every party looked at gets an audit entry.
        """
        names = Vault(uow.session, self._key).names(parties)
        reason = (reason or "").strip() or None
        action = Action.IDENTITY_REVEALED if reason else Action.IDENTITY_SEEN
        deeds = [Deed(actor, action, f"party:{p}", reason) for p in sorted(names)]
        record(uow, deeds, self._clock())
        return names if reason else {p: masked(name) for p, name in names.items()}

    def papers(
        self, uow: UnitOfWork, party: str, actor: str, reason: str | None = None
    ) -> Papers:
        """Return documents and telephones: masked, or clear when a reason is given.

        Needs a writing unit of work: the look gets an audit entry, found or not.
        """
        _party(uow, party)
        reason = None if reason is None else stated(reason)
        vault = DocumentVault(uow.session, self._keys)
        documents = [kept.content for kept in vault.documents(party)]
        telephones = vault.telephones(party)
        action = Action.DOCUMENTS_REVEALED if reason else Action.DOCUMENTS_SEEN
        record(uow, [Deed(actor, action, f"party:{party}", reason)], self._clock())
        if reason is None:
            documents = [_masked_document(document) for document in documents]
            telephones = [_masked_telephone(telephone) for telephone in telephones]
        return Papers(party, tuple(documents), tuple(telephones))

    def keep_documents(
        self,
        uow: UnitOfWork,
        party: str,
        shown: Sequence[ShownDocument],
        source: Source,
    ) -> list[str]:
        """Let the documents of a party be these; return the merge cases that opens.

        Raises Invalid with every fault. A number somebody else has on record is kept
        all the same: it opens a case, and counts for them until that is closed.
        """
        kind = _party(uow, party).kind
        wanted = read_documents(shown, kind, self._terms(uow))
        vault, now = DocumentVault(uow.session, self._keys), self._clock()
        kept, said = vault.documents(party), [_said(document) for document in wanted]
        known = [each.content for each in kept]
        fresh = [each for each in wanted if _said(each) not in known]
        gone = [each.id for each in kept if each.content not in said]
        if not fresh and not gone:
            return []
        vault.supersede(gone, now)
        others = {each: _others(vault, each, party) for each in fresh}
        vault.add(party, [(each, not others[each]) for each in fresh], source, now)
        pairs = {
            (case.first, case.kind): case
            for each in fresh
            for case in _cases(uow, each, party, others[each], now)
        }
        cases = list(pairs.values())
        uow.merge_cases.add(cases)
        deeds = [Deed(source.actor, Action.DOCUMENTS_RECORDED, f"party:{party}")]
        deeds += [
            Deed(source.actor, Action.MERGE_CASE_OPENED, f"merge_case:{case.id}")
            for case in cases
        ]
        record(uow, deeds, now)
        return [case.id for case in cases]

    def keep_telephones(
        self, uow: UnitOfWork, party: str, typed: Sequence[str], source: Source
    ) -> None:
        """Let the telephones of a party be these; raises Invalid with every fault."""
        _party(uow, party)
        wanted, now = read_telephones(typed), self._clock()
        vault = DocumentVault(uow.session, self._keys)
        if set(vault.telephones(party)) == set(wanted):
            return
        vault.replace_telephones(party, wanted, source, now)
        deed = Deed(source.actor, Action.TELEPHONES_RECORDED, f"party:{party}")
        record(uow, [deed], now)

    def close_case(
        self, uow: UnitOfWork, id_: str, finding: Finding, reason: str, actor: str
    ) -> MergeCase:
        """Close a case with what somebody found who looked at both parties."""
        case = uow.merge_cases.get(id_)
        if case is None:
            raise NotFound(f"there is no merge case {id_!r}")
        reason, now = stated(reason), self._clock()
        closed = case.found(finding, actor, now, reason)
        uow.merge_cases.put(closed)
        deed = Deed(actor, Action.MERGE_CASE_CLOSED, f"merge_case:{id_}", reason)
        record(uow, [deed], now)
        return closed

    def _terms(self, uow: UnitOfWork) -> Terms:
        policy = on_record(uow, self._policy)
        today = policy.today()
        longest = policy.in_force(Key.NO_DOCUMENT_LONGEST, today).period
        return Terms(today, longest)


def masked(name: str) -> str:
    """Return the first character and a star: enough to recognise, not to tell."""
    return f"{name[:1]}*"


def stated(text: str) -> str:
    """Return a reason as it is recorded, or raise Invalid with what is wrong."""
    reason = text.strip()
    if not reason:
        raise Invalid([missing("reason", "say in a few words why")])
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Invalid([too_long("reason", "a reason", LONGEST_REASON)])
    return reason


def _party(uow: UnitOfWork, party: str) -> Party:
    found = uow.parties.get(party)
    if found is None:
        raise NotFound(f"there is no party {party!r}")
    return found


def _said(document: IdentityDocument) -> IdentityDocument:
    """Return a document as the vault gives it back: what it is found by is not told."""
    return replace(document, key=None)


def _masked_document(document: IdentityDocument) -> IdentityDocument:
    number = document.number
    return replace(document, number=None if number is None else masked_number(number))


def _masked_telephone(telephone: Telephone) -> Telephone:
    return replace(telephone, number=masked_number(telephone.number))


def _others(vault: DocumentVault, document: IdentityDocument, party: str) -> list[str]:
    """Return who else has a document on record."""
    holders = dict.fromkeys(vault.holders(document))
    return [holder for holder in holders if holder != party]


def _cases(
    uow: UnitOfWork,
    document: IdentityDocument,
    party: str,
    others: Iterable[str],
    now: datetime,
) -> list[MergeCase]:
    return [
        MergeCase(fresh_id("M"), document.kind, other, party, now)
        for other in others
        if not uow.merge_cases.open_between(other, party, document.kind)
    ]
