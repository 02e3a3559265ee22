"""What a rule is: a question, what raises it, what excuses it, and what comes of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.house_rules.inputs import HouseInputs
from registry.domain.occupancy import Occupancy
from registry.domain.policy.keys import Key
from registry.domain.policy.value import PolicyValue
from registry.domain.rights import Contract
from registry.domain.tenancy import Tenancy


class RuleId(StrEnum):
    """The fifteen questions the register asks of a house."""

    H1 = "H1"
    H2 = "H2"
    H3 = "H3"
    H4 = "H4"
    H5 = "H5"
    H6 = "H6"
    H7 = "H7"
    H8 = "H8"
    H9 = "H9"
    H10 = "H10"
    H11 = "H11"
    H12 = "H12"
    H13 = "H13"
    H14 = "H14"
    H15 = "H15"


class GuardName(StrEnum):
    """What may excuse a house from a question."""

    PENDING = "pending"
    EXEMPT = "exempt"
    OWNER_LIVES_HERE = "owner_lives_here"
    FAMILY = "family"
    EMPLOYER_HOUSING = "employer_housing"
    NEW_OWNER = "new_owner"
    SHORT_ORAL_LEASE = "short_oral_lease"
    RENEWED = "renewed"
    INDEFINITE = "indefinite"
    HOLDOVER = "holdover"
    CLOCK_UNSYNCED = "clock_unsynced"
    DOOR_UNRELIABLE = "door_unreliable"
    OWNER_KEYS = "owner_keys"
    MOVING_IN = "moving_in"
    MOVE_OUT_GRACE = "move_out_grace"
    VISIT_ORDERED = "visit_ordered"
    GUESTS = "guests"
    SECOND_HOME = "second_home"
    AWAY = "away"
    NO_CARD = "no_card"
    KEY_FREE = "key_free"
    SUBLET = "sublet"
    COMPANY_LEASE = "company_lease"
    PROPAGATION = "propagation"
    ADJACENT_DOORS = "adjacent_doors"
    BY_ROOM = "by_room"
    OWNER_CONSENT = "owner_consent"
    RECTIFIED = "rectified"
    LEFT = "left"


Use = tuple[date, str]
"""A day and a door."""
Numbers = Mapping[str, int | str]
"""What a signal tells: counts and days, never who."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that would raise a rule, and the records it rests on."""

    numbers: Numbers
    tenancy: Tenancy | None = None
    stays: tuple[Occupancy, ...] = ()
    contracts: tuple[Contract, ...] = ()
    uses: frozenset[Use] = frozenset()
    needed: int = 1
    about: str = ""


class Limits:
    """The policy values of a day, and which of them were asked for."""

    def __init__(self, values: Mapping[Key, PolicyValue]) -> None:
        """Take the values in force."""
        self._values = values

    def __getitem__(self, key: Key) -> PolicyValue:
        """Return a value."""
        return self._values[key]

    def enforced(self, key: Key) -> int | None:
        """Return an amount a rule may act on, if there is one."""
        value = self._values.get(key)
        return value.amount if value is not None and value.enforced else None

    def told(self, keys: Iterable[Key]) -> tuple[PolicyValue, ...]:
        """Return the values of keys that are on record."""
        return tuple(self._values[key] for key in keys if key in self._values)


@dataclass(frozen=True, slots=True)
class Look:
    """What a guard is shown."""

    house: HouseInputs
    found: Finding
    limits: Limits


@dataclass(frozen=True, slots=True)
class Guard:
    """A reason why a finding is none, and how to tell."""

    name: GuardName
    excuses: Callable[[Look], bool]


@dataclass(frozen=True, slots=True)
class GuardResult:
    """What a guard said: `excused` where it holds the rule back."""

    name: GuardName
    excused: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One question, its version, the numbers it goes by, and how it is answered.

    A rule `of_house` is asked once for the house and not for each unit.
    """

    id: RuleId
    version: int
    question: str
    sentence: str
    first_action: str
    keys: tuple[Key, ...]
    check: Callable[[HouseInputs, Limits], Iterable[Finding]]
    guards: tuple[Guard, ...] = ()
    of_house: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """A reason to look at the register; never a finding about anybody."""

    rule: RuleId
    version: int
    building: str
    unit: str | None
    numbers: Numbers
    policy: tuple[PolicyValue, ...]
    guards: tuple[GuardResult, ...]
    sentence: str

    @property
    def guarded(self) -> bool:
        """Say whether a guard holds it back."""
        return any(guard.excused for guard in self.guards)


def ask(rule: Rule, house: HouseInputs, limits: Limits) -> Signal | None:
    """Return what a rule has to say of a unit.

    Of several findings the first that no guard excuses counts, else the first.
    """
    signals = [
        _signal(rule, Look(house, found, limits)) for found in rule.check(house, limits)
    ]
    return next((s for s in signals if not s.guarded), next(iter(signals), None))


def _signal(rule: Rule, look: Look) -> Signal:
    policy = look.limits.told(rule.keys)
    amounts = {value.key.value: value.amount for value in policy}
    unit = look.house.unit
    return Signal(
        rule.id,
        rule.version,
        unit.building,
        None if rule.of_house else unit.code,
        look.found.numbers,
        policy,
        tuple(GuardResult(g.name, g.excuses(look)) for g in rule.guards),
        rule.sentence.format_map({**amounts, **look.found.numbers}),
    )
