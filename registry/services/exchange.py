"""Files for the police, off by default: each field on a document, each file on record.

Nothing here sends anything anywhere.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.exchange.bases import (
    WHOLE,
    BasisForm,
    LawfulBasis,
    basis_of,
    read_basis,
)
from registry.domain.exchange.files import MANIFEST, files, manifest, report
from registry.domain.exchange.mapping import Mapped, mapped
from registry.domain.exchange.plan import Plan, plan
from registry.domain.exchange.stand_ins import StandIns
from registry.domain.exchange.tables import TABLES, ExportType, named
from registry.domain.parties import fresh_id
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.responsibility import Responsible
from registry.persistence.exchange import Disclosure
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.exchange_facts import Asking, gather, last_day
from registry.services.identity import Identity
from registry.services.policy_in_force import on_record

OFF = "the exchange is off: set MENHU_EXCHANGE=true where a document demands it"
ALARMS = {
    ExportType.OCCUPANTS: Key.LODGING_RECORDS_ALARM,
    ExportType.EVENTS: Key.TRACE_RECORDS_ALARM,
}
"""How many records about persons one official may provide before somebody looks."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made: files by name, none of them when it was only tried."""

    plan: Plan
    done: Mapped
    report: dict[str, object] = field(repr=False)
    files: dict[str, bytes] = field(repr=False)
    disclosure: str | None


class ExchangeService:
    """Enables fields, says what would go out, and makes files."""

    def __init__(
        self,
        identity: Identity,
        policy: Policy,
        key: bytes,
        clock: Callable[[], datetime],
        *,
        enabled: bool,
    ) -> None:
        """Make stand-ins under a key; nothing goes out unless it is enabled."""
        self._identity = identity
        self._policy = policy
        self._stand_ins = StandIns(key)
        self._clock = clock
        self._enabled = enabled

    def enable(self, uow: UnitOfWork, form: BasisForm, actor: str) -> LawfulBasis:
        """Let a field or a table go out on a document; raises Invalid."""
        self._require_on()
        now = self._clock()
        basis = read_basis(form, fresh_id("X"), now, self._policy.today())
        uow.exchange.add(basis)
        who = Responsible(basis.enabled_by, basis.document, actor)
        subject = f"exchange:{basis.type}.{basis.field}"
        deed = Deed(who.signature, Action.EXCHANGE_ENABLED, subject, basis.document)
        record(uow, [deed], now)
        return basis

    def revoke(self, uow: UnitOfWork, id_: str, who: Responsible) -> None:
        """Let nothing more go out on a basis, at once."""
        now = self._clock()
        if not uow.exchange.revoke(id_, now):
            raise NotFound(f"there is no basis {id_!r} in force")
        subject = f"exchange:{id_}"
        deed = Deed(who.signature, Action.EXCHANGE_REVOKED, subject, who.reason)
        record(uow, [deed], now)

    def plans(self, uow: UnitOfWork) -> list[Plan]:
        """Return what of each table would go out today; no record is read for it."""
        bases = uow.exchange.bases() if self._enabled else []
        return [plan(type_, bases, self._policy.today()) for type_ in ExportType]

    def run(  # noqa: PLR0913 - the days are two, and who answers and how are two more
        self,
        uow: UnitOfWork,
        type_: ExportType,
        first: date,
        until: date,
        who: Responsible,
        *,
        dry: bool = False,
    ) -> Made:
        """Make the files of a table for the days from `first` until `until`.

        Raises Conflict where it is off or a required field is withheld, and Invalid
        for days that cannot be. A dry run reads the same and makes no files.
        """
        planned, whole = self._ready(uow, type_)
        _require_days(first, until)
        now = self._clock()
        reason = f"{who.reason} ({whole.document})"
        asking = Asking(
            uow,
            planned,
            self._identity,
            self._stand_ins,
            self._policy.zone,
            self._policy.today(),
            first,
            until,
            who.signature,
            reason[:200],
        )
        done = mapped(planned, gather(asking))
        said = report(planned, done) | {"alarm": self._alarm(uow, planned, done)}
        if dry:
            subject, action = f"exchange:{type_}", Action.EXCHANGE_TRIED
            made = Made(planned, done, said, {}, None)
        else:
            made = _disclosed(uow, asking, whole, done, said=said, now=now)
            subject, action = f"disclosure:{made.disclosure}", Action.EXCHANGE_DISCLOSED
        record(uow, [Deed(who.signature, action, subject, asking.reason)], now)
        return made

    def _ready(self, uow: UnitOfWork, type_: ExportType) -> tuple[Plan, LawfulBasis]:
        self._require_on()
        if TABLES[type_].why_not:
            raise Conflict(f"there is no file {type_}: {TABLES[type_].why_not}")
        bases, today = uow.exchange.bases(), self._policy.today()
        whole = basis_of(bases, type_, WHOLE, today)
        if whole is None:
            raise Conflict(
                f"no document in force enables table {type_}: "
                f"`menhu-registry exchange enable {type_} '*'`"
            )
        planned = plan(type_, bases, today)
        if planned.blocked:
            missing = named(rule for rule, _ in planned.blocked)
            raise Conflict(
                f"table {type_} cannot go out, and nothing is filled in for what it "
                f"requires and no document allows: {missing}"
            )
        return planned, whole

    def _require_on(self) -> None:
        if not self._enabled:
            raise Conflict(OFF)

    def _alarm(self, uow: UnitOfWork, planned: Plan, done: Mapped) -> str | None:
        """Say when more records about persons go out than one official may provide."""
        key = ALARMS.get(planned.type)
        if key is None or not planned.takes("XM", "ZJHM", "XPXLH"):
            return None
        policy = on_record(uow, self._policy)
        most = policy.in_force(key, policy.today()).amount
        if len(done.lines) < most:
            return None
        return f"{len(done.lines)} records about persons, and {most} are an alarm"


def _disclosed(  # noqa: PLR0913 - what a file is made of and what is said of it
    uow: UnitOfWork,
    asking: Asking,
    whole: LawfulBasis,
    done: Mapped,
    *,
    said: dict[str, object],
    now: datetime,
) -> Made:
    """Make the files and keep on record that they were made."""
    id_ = fresh_id("E")
    made = files(asking.plan, done, said)
    made[MANIFEST] = manifest(made, id_, whole.recipient, now)
    disclosure = Disclosure(
        id_,
        asking.plan.type,
        whole.recipient,
        asking.actor,
        now,
        asking.first,
        last_day(asking.until),
        len(done.lines),
        len({refusal.row for refusal in done.refused}),
        json.dumps(_fields_only(said), ensure_ascii=False),
        hashlib.sha256(made[MANIFEST]).digest(),
    )
    uow.exchange.log(disclosure)
    return Made(asking.plan, done, said, made, id_)


def _require_days(first: date, until: date) -> None:
    if until <= first:
        message, remedy = "it ends before it begins", "give a later end"
        raise Invalid([FieldError("until", Fault.CONTRADICTION, message, remedy)])


def _fields_only(said: dict[str, object]) -> dict[str, object]:
    """Return a report without the records that were refused."""
    return {name: value for name, value in said.items() if name != "refused"}
