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

IN_PERMITS = frozenset({Key.DOOR_GRACE})
"""The keys that permits are derived from."""


class Policies:
    """Keeps the policy that all services share at what is on record."""

    def __init__(
        self, policy: Policy, permits: PermitService, clock: Callable[[], datetime]
    ) -> None:
        """Look after a policy."""
        self._policy = policy
        self._permits = permits
        self._clock = clock
        self._number: int | None = None

    def refresh(self, uow: UnitOfWork) -> None:
        """Take what is on record, whichever process recorded it."""
        number = uow.policy_values.last_number()
        if number != self._number:
            self._take(uow)
            self._number = number

    def add(self, uow: UnitOfWork, form: PolicyForm, actor: str) -> PolicyValue:
        """Record a value; raises Invalid with every fault, Conflict if it is there.

        Permits follow at once, also those that end while the value holds later.
        """
        value, responsible = read(form, self._policy.book, actor)
        if value in self._policy.book.values:
            raise Conflict(f"this value of {value.key} is on record already")
        now = self._clock()
        added = Recorded(value, now, responsible.by, responsible.reason)
        uow.policy_values.add([added])
        subject = f"policy:{value.key}"
        deed = Deed(
            responsible.signature, Action.POLICY_CHANGED, subject, responsible.reason
        )
        record(uow, [deed], now)
        self._take(uow)
        if value.key in IN_PERMITS:
            self._permits.rederive(uow)
        return value

    def histories(self, uow: UnitOfWork) -> list[KeyHistory]:
        """Return every key with its value in force today and all its values."""
        recorded = [*map(Recorded, seeded().values), *uow.policy_values.every()]
        recorded.sort(key=lambda each: each.value.valid_from)
        return [self._history(key, recorded) for key in Key]

    def _history(self, key: Key, recorded: list[Recorded]) -> KeyHistory:
        values = tuple(each for each in recorded if each.value.key is key)
        counts = self._policy.book.known(key, self._policy.today())
        in_force = next((each for each in values if each.value == counts), None)
        return KeyHistory(key, meanings()[key], in_force, values)

    def _take(self, uow: UnitOfWork) -> None:
        """Read the book; what is not committed yet is looked at again next time."""
        added = [each.value for each in uow.policy_values.every()]
        self._policy.take(seeded().added(added))
        self._number = None
