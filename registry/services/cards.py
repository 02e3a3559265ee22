"""Cards: bound to a party, suspended on a loss, found, ended, replaced."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.credential import (
    CREDENTIALS,
    ENDED,
    PRESENTED,
    WITHDRAWN,
    Credential,
    CredentialChange,
    CredentialEvent,
    CredentialState,
)
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.history import Channel, Source
from registry.domain.occupancy import Occupancy
from registry.domain.permits import validity_of
from registry.domain.policy import Policy
from registry.domain.principals import Principal, Role
from registry.domain.responsibility import read_reason
from registry.domain.rights import Power
from registry.persistence.credentials import Recorded
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.permits import PermitService
from registry.services.scopes import may_act, may_see

CLOCK = Source("registry", Channel.CLOCK)
_E = CredentialEvent
MOST_AT_ONCE = 500
"""How many cards expire in one transaction; nobody waits for it."""
ASKED_AT_ONCE = 5000
"""How many parties one statement names; databases take some ten thousand."""
HOLDERS = frozenset({_E.LOSS_REPORTED, _E.FOUND})
"""What a holder may say of their own card; the rest is done at the counter."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to a card, why, and which one takes its place."""

    event: CredentialEvent
    reason: str | None = None
    successor: int | None = None


@dataclass(frozen=True, slots=True)
class CardDone:
    """A card after a change, and the revision of the permits.

    `until` is the last day of the stays it opens doors for, the grace apart; None is
    further notice, or no stay at all.
    """

    credential: Credential
    revision: int
    until: date | None = None


class CardService:
    """Changes cards; permits follow in the same transaction."""

    def __init__(
        self, permits: PermitService, policy: Policy, clock: Callable[[], datetime]
    ) -> None:
        """Publish by a service, tell days by a policy."""
        self._permits = permits
        self._policy = policy
        self._clock = clock

    def bind(
        self,
        uow: UnitOfWork,
        who: Principal,
        card: int,
        party: str,
        *,
        active: bool = True,
    ) -> CardDone:
        """Bind a card to a party; `active` when it is in their hands already.

        Staff bind cards in their area, a landlord for who lives in what they let.
        """
        if not self._may_bind(uow, who, party):
            raise NotFound(f"there is no party {party!r}")
        if uow.credentials.live(card) is not None:
            raise Invalid([taken("card")])
        credential = self.issue(uow, who.source, card, party, active=active)
        return self._followed(uow, credential)

    def issue(
        self,
        uow: UnitOfWork,
        source: Source,
        card: int,
        party: str,
        *,
        active: bool = True,
    ) -> Credential:
        """Record that a card is a party's from now on; permits are not published."""
        now = self._clock()
        recorded = Recorded(source, now)
        CREDENTIALS.after(CredentialState.BLANK, _E.BOUND)
        credential = uow.credentials.issue(card, party, recorded)
        if active:
            state = CREDENTIALS.after(credential.state, _E.ACTIVATED)
            uow.credentials.change(
                credential.id, CredentialChange(state, now), recorded
            )
        deed = Deed(source.actor, Action.CARD_ISSUED, f"party:{party}")
        record(uow, [deed], now)
        return credential

    def change(
        self,
        uow: UnitOfWork,
        who: Principal,
        card: int,
        event: CredentialEvent,
        reason: str,
    ) -> CardDone:
        """Let something happen to a card that somebody holds."""
        why = read_reason(reason)
        credential = self._held(uow, who, card, event)
        return self._changed(uow, who.source, credential, Step(event, why))

    def extend(self, uow: UnitOfWork, who: Principal, card: int) -> CardDone:
        """Say until when a card opens doors, and let one that expired work again.

        A card has no end of its own: it follows the stay of its holder. To extend it
        is to extend the tenancy, or to record a new stay.
        """
        credential = self._held(uow, who, card, _E.EXTENDED)
        if not credential.opens:
            raise Conflict(f"the card is {credential.state}: it opens nothing")
        now = self._clock()
        stays = [
            stay
            for stay in uow.occupancies.of_parties([credential.party])
            if self._opens(stay, now)
        ]
        grants = uow.grants.of_parties([credential.party])
        if not stays and not any(g.validity and now < g.end for g in grants):
            raise Conflict(
                "a card follows the stay of its holder, and there is none: renew the "
                "tenancy or record where they live"
            )
        ends = [stay.end for stay in stays]
        until = None if None in ends else max((e for e in ends if e), default=None)
        if credential.state is CredentialState.ACTIVE:
            return CardDone(credential, uow.permits.revision(), until)
        done = self._changed(uow, who.source, credential, Step(_E.EXTENDED))
        return CardDone(done.credential, done.revision, until)

    def replace(
        self, uow: UnitOfWork, who: Principal, card: int, new: int, reason: str
    ) -> CardDone:
        """Give a holder another card in the place of one, which is cancelled."""
        why = read_reason(reason)
        old = self._held(uow, who, card, _E.CANCELLED)
        if uow.credentials.live(new) is not None:
            raise Invalid([taken("new_card")])
        fresh = self.issue(uow, who.source, new, old.party)
        self._changed(uow, who.source, old, Step(_E.CANCELLED, why, fresh.id))
        return self._followed(uow, fresh)

    def follow_stays(self, uow: UnitOfWork) -> int:
        """Let cards expire whose holder has no door left, and wake those who have.

        Returns how many; doors do not wait for it.
        """
        moved = [(credential, _E.EXPIRED) for credential in self._over(uow)]
        moved += [(credential, _E.EXTENDED) for credential in uow.credentials.woken()]
        now, deeds = self._clock(), []
        for credential, event in moved[:MOST_AT_ONCE]:
            state = CREDENTIALS.after(credential.state, event)
            change = CredentialChange(state, now)
            uow.credentials.change(credential.id, change, Recorded(CLOCK, now))
            subject = f"credential:{credential.id}"
            deeds.append(Deed(CLOCK.actor, Action.CARD_CHANGED, subject, event))
        record(uow, deeds, now)
        return len(deeds)

    def _over(self, uow: UnitOfWork) -> list[Credential]:
        """Return the cards in force whose holder had a door to open, and has none."""
        now, idle = self._clock(), uow.credentials.idle()
        parties = sorted({credential.party for credential in idle})
        rights: dict[str, list[bool]] = {party: [] for party in parties}
        for first in range(0, len(parties), ASKED_AT_ONCE):
            some = parties[first : first + ASKED_AT_ONCE]
            for stay in uow.occupancies.of_parties(some):
                rights[stay.party].append(self._opens(stay, now))
            for grant in uow.grants.of_parties(some):
                lasts = grant.validity is not None and now < grant.end
                rights[grant.party].append(lasts)
        # Who never had a stay waits for their first one: their card is not over.
        over = {party for party, open_ in rights.items() if open_ and not any(open_)}
        return [credential for credential in idle if credential.party in over]

    def _opens(self, stay: Occupancy, now: datetime) -> bool:
        """Say whether a stay may still open doors, were it not vouched for yet."""
        if not stay.opens:
            return stay.lasts(self._today())
        window = validity_of(stay, self._policy)
        return window is not None and now < window.end

    def _changed(
        self, uow: UnitOfWork, source: Source, credential: Credential, step: Step
    ) -> CardDone:
        now, reason = self._clock(), step.reason
        state = CREDENTIALS.after(credential.state, step.event)
        change = CredentialChange(state, now, step.successor)
        uow.credentials.change(credential.id, change, Recorded(source, now, reason))
        if state in ENDED and uow.rule_books.forget_pin(credential.id):
            gateways = uow.rule_books.gateways_of_card(credential.card)
            uow.rule_books.rise(sorted(gateways))
        action = Action.CARD_ENDED if state in ENDED else Action.CARD_CHANGED
        subject = f"credential:{credential.id}"
        record(uow, [Deed(source.actor, action, subject, reason or step.event)], now)
        done = self._followed(uow, credential)
        if PRESENTED[state] in WITHDRAWN:
            behind = [
                (status.door.id, status.wanted)
                for status in uow.hardware.statuses()
                if status.acknowledged < status.wanted
            ]
            uow.key_warnings.withdraw(credential.id, behind, now)
        return done

    def _followed(self, uow: UnitOfWork, credential: Credential) -> CardDone:
        revision = self._permits.rederive(uow, [credential.card])
        known = uow.credentials.of_cards([credential.card])
        (as_now,) = (c for c in known if c.id == credential.id)
        return CardDone(as_now, revision)

    def _held(
        self, uow: UnitOfWork, who: Principal, card: int, event: CredentialEvent
    ) -> Credential:
        credential = uow.credentials.live(card)
        if credential is not None and self._may_change(uow, who, credential, event):
            return credential
        if who.staff and credential is None and uow.credentials.of_cards([card]):
            raise Conflict("the card has ended already")
        raise NotFound("nobody was ever issued this card")

    def _may_change(
        self,
        uow: UnitOfWork,
        who: Principal,
        credential: Credential,
        event: CredentialEvent,
    ) -> bool:
        """Say who may: staff, and holders of their own; no landlord takes a card away.

        A landlord who took cards away would put people out by them.
        """
        if who.staff:
            return self._within(uow, who, credential.party)
        own = who.party is not None and who.party == credential.party
        return own and event in HOLDERS

    def _may_bind(self, uow: UnitOfWork, who: Principal, party: str) -> bool:
        if uow.parties.get(party) is None:
            return False
        if who.staff:
            return self._within(uow, who, party)
        today = self._today()
        return who.role is Role.LANDLORD and any(
            stay.lasts(today) and may_act(uow, who, Power.ISSUE_CARD, stay.unit, today)
            for stay in uow.occupancies.of_parties([party])
        )

    def _within(self, uow: UnitOfWork, who: Principal, party: str) -> bool:
        """Say whether a party has anything to do with the area of staff."""
        today = self._today()
        return who.area is None or any(
            may_see(uow, who, stay.unit, today)
            for stay in uow.occupancies.of_parties([party])
        )

    def _today(self) -> date:
        return self._policy.today()


def taken(field: str) -> FieldError:
    """Return the error of a card that somebody holds."""
    return FieldError(
        field,
        Fault.TAKEN,
        "somebody holds this card already",
        "cancel it for its holder first, or take another card",
    )
