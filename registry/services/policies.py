"""The policy book: the values a register starts with, and those recorded since."""

from collections.abc import Callable
from datetime import datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Conflict
from registry.domain.policy import Policy
from registry.domain.policy.form import PolicyForm, read
from registry.domain.policy.history import KeyHistory, Recorded
from registry.domain.policy.keys import Key
from registry.domain.policy.seeded import meanings, seeded
from registry.domain.policy.value import PolicyValue
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.permits import PermitService
from registry.services.policy_in_force import on_record

IN_PERMITS = frozenset({Key.DOOR_GRACE, Key.BELONGINGS_GRACE})
"""The keys that permits are derived from."""


class Policies:
    """Records policy values and tells what is known of each key."""

    def __init__(
        self, policy: Policy, permits: PermitService, clock: Callable[[], datetime]
    ) -> None:
        """Look after the policy that services share."""
        self._policy = policy
        self._permits = permits
        self._clock = clock

    def refresh(self, uow: UnitOfWork) -> None:
        """Let the policy that services share follow what is on record."""
        on_record(uow, self._policy)

    def add(self, uow: UnitOfWork, form: PolicyForm, actor: str) -> PolicyValue:
        """Record a value; raises Invalid with every fault, Conflict if it is there.

        Permits follow at once, also those that end while the value holds later.
        """
        book = on_record(uow, self._policy).book
        value, responsible = read(form, book, actor)
        if value in book.values:
            raise Conflict(f"this value of {value.key} is on record already")
        now = self._clock()
        added = Recorded(value, now, responsible.by, responsible.reason)
        uow.policy_values.add([added])
        subject = f"policy:{value.key}"
        deed = Deed(
            responsible.signature, Action.POLICY_CHANGED, subject, responsible.reason
        )
        record(uow, [deed], now)
        if value.key in IN_PERMITS:
            self._permits.rederive(uow)
        return value

    def histories(self, uow: UnitOfWork) -> list[KeyHistory]:
        """Return every key with its value in force today and all its values."""
        policy = on_record(uow, self._policy)
        recorded = [*map(Recorded, seeded().values), *uow.policy_values.every()]
        recorded.sort(key=lambda each: each.value.valid_from)
        return [_history(key, recorded, policy) for key in Key]


def _history(key: Key, recorded: list[Recorded], policy: Policy) -> KeyHistory:
    values = tuple(each for each in recorded if each.value.key is key)
    counts = policy.book.known(key, policy.today())
    in_force = next((each for each in values if each.value == counts), None)
    return KeyHistory(key, meanings()[key], in_force, values)
