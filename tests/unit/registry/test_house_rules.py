"""Rules H1 to H15: for each a true case, and every guard alone holding it back."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from registry.domain.credential import CredentialState
from registry.domain.external_filing import ExternalFiling, ExternalKind, ExternalState
from registry.domain.filing import FilingState, LettingMode
from registry.domain.hazards import Hazard, HazardKind, HazardState
from registry.domain.house_rules import RULES
from registry.domain.house_rules.inputs import CardDay, DoorCondition, Jump
from registry.domain.house_rules.rule import GuardName, RuleId
from registry.domain.occupancy import Basis, Exemption, OccupancyState, Side
from registry.domain.places import Room, RoomKind, Unit, UnitUse
from tests.support.house_rules import (
    CARD,
    CONTRACT,
    DAY,
    FILING,
    LONG_AGO,
    RIGHT,
    STAY,
    TENANCY,
    TODAY,
    WHOLE,
    signal,
)

Changes = dict[str, Any]
G = GuardName


@dataclass(frozen=True, slots=True)
class Case:
    """What makes a rule speak, and for each guard what more makes it silent."""

    true: Changes
    guards: dict[GuardName, Changes] = field(default_factory=dict)


def used(*days_ago: int, card: int = 1, **more: Any) -> tuple[CardDay, ...]:  # noqa: ANN401 - fields of several types
    told = {"granted": 1} | more
    return tuple(CardDay(card, TODAY - n * DAY, "front", **told) for n in days_ago)


def elsewhere(state: ExternalState) -> tuple[ExternalFiling, ...]:
    kind = ExternalKind.CONTRACT_FILING
    return (ExternalFiling("E", kind, "U", state, tenancy="T"),)


def foreigner(state: ExternalState) -> tuple[ExternalFiling, ...]:
    kind = ExternalKind.FOREIGNER_REGISTRATION
    return (ExternalFiling("E", kind, "U", state, occupancy="O"),)


def door(**changes: Any) -> dict[str, DoorCondition]:  # noqa: ANN401 - fields of several types
    return {"front": replace(DoorCondition(grid="G1"), **changes)}


def stays(*bases: Basis, **changes: Any) -> tuple[Any, ...]:  # noqa: ANN401 - fields of several types
    return tuple(
        replace(STAY, id=f"O{n}", party=f"P{n}", basis=basis, **changes)
        for n, basis in enumerate(bases)
    )


OFFLINE, SKEWED = door(online=94), door(skew=61)
ENDED = replace(TENANCY, end=TODAY - 60 * DAY, contract=None)
NEXT = replace(TENANCY, id="T2", start=TODAY - 50 * DAY)
WAITING = replace(
    STAY,
    state=OccupancyState.DECLARED,
    declared_by=Side.OCCUPANT,
    declared_on=TODAY - 8 * DAY,
)
HALF_YEAR_AGO = date(2025, 12, 1)
HEAD = replace(CONTRACT, id="C0", tenant="L", end=date(2026, 12, 1))
SUB = replace(CONTRACT, parent="C0", signed_on=TODAY - 90 * DAY)
LOST = replace(CARD, state=CredentialState.LOST, ended_on=TODAY - 3 * DAY)
FAR = {"front": DoorCondition(grid="G1"), "far": DoorCondition(grid="G2", own=False)}
JUMPS = tuple(Jump(1, TODAY - n * DAY, "front", "far", 40) for n in (1, 2))
HAZARD = Hazard(
    "Z", "U", HazardKind.WIRING, HazardState.NOTIFIED, LONG_AGO, TODAY - DAY
)
EMPTY: Changes = {"tenancies": (), "occupancies": (), "contracts": ()}
TWO = (TENANCY, replace(TENANCY, id="T2", contract="C2"))

CASES: dict[RuleId, Case] = {
    RuleId.H1: Case(
        {"filings": ()},
        {
            G.PENDING: {"filings": (replace(FILING, state=FilingState.SUBMITTED),)},
            G.OWNER_LIVES_HERE: {
                "occupancies": stays(Basis.OWNER, Basis.CO_OCCUPANT),
                "tenancies": (),
            },
            G.FAMILY: {"occupancies": stays(Basis.FAMILY), "tenancies": ()},
            G.EMPLOYER_HOUSING: {"occupancies": stays(Basis.EMPLOYER_PROVIDED)},
            G.NEW_OWNER: {"rights": (replace(RIGHT, start=TODAY - 21 * DAY),)},
        },
    ),
    RuleId.H2: Case(
        {},
        {
            G.PENDING: {"elsewhere": elsewhere(ExternalState.SUBMITTED)},
            G.EXEMPT: {"elsewhere": elsewhere(ExternalState.EXEMPT)},
            G.SHORT_ORAL_LEASE: {
                "tenancies": (replace(TENANCY, contract=None, end=date(2026, 6, 30)),)
            },
        },
    ),
    RuleId.H3: Case(
        {"tenancies": (ENDED,), "days": used(1, 2)},
        {
            G.RENEWED: {
                "tenancies": (ENDED, NEXT),
                "occupancies": (STAY, replace(STAY, id="O2", tenancy="T2")),
            },
            G.INDEFINITE: {
                "tenancies": (replace(TENANCY, end=None),),
                "contracts": (replace(CONTRACT, end=TODAY - 60 * DAY),),
            },
            G.HOLDOVER: {"tenancies": (replace(ENDED, holdover_since=TODAY),)},
            G.CLOCK_UNSYNCED: {"doors": SKEWED},
            G.DOOR_UNRELIABLE: {"doors": OFFLINE},
        },
    ),
    RuleId.H4: Case(
        EMPTY | {"days": used(0, 1, 2)},
        {
            G.OWNER_KEYS: {"rights": (replace(RIGHT, party="P"),)},
            G.MOVING_IN: {"tenancies": (replace(TENANCY, start=TODAY + 7 * DAY),)},
            G.MOVE_OUT_GRACE: {
                "occupancies": (replace(STAY, end=TODAY - DAY, tenancy=None),)
            },
            G.CLOCK_UNSYNCED: {"doors": SKEWED},
            G.DOOR_UNRELIABLE: {"doors": OFFLINE},
        },
    ),
    RuleId.H5: Case(
        {"occupancies": (WAITING,)},
        {
            G.VISIT_ORDERED: {
                "occupancies": (replace(WAITING, state=OccupancyState.VISIT),)
            },
            G.FAMILY: {"occupancies": (replace(WAITING, basis=Basis.FAMILY),)},
        },
    ),
    RuleId.H6: Case(
        {"rooms": (Room("R1", "U", "A"),), "occupancies": stays(*[Basis.TENANT] * 3)},
        {
            G.FAMILY: {"occupancies": stays(Basis.TENANT, Basis.FAMILY, Basis.FAMILY)},
            G.GUESTS: {"occupancies": stays(Basis.TENANT, Basis.TENANT, Basis.GUEST)},
        },
    ),
    RuleId.H7: Case(
        {},
        {
            G.NO_CARD: {"cards": ()},
            G.SECOND_HOME: {"occupancies": (replace(STAY, basis=Basis.OWNER),)},
            G.AWAY: {
                "occupancies": (replace(STAY, exemption=Exemption.MEDICAL_VISIT),)
            },
            G.KEY_FREE: {"doors": door(free=True)},
            G.DOOR_UNRELIABLE: {"doors": OFFLINE},
        },
    ),
    RuleId.H8: Case(
        {"occupancies": (replace(STAY, party="Q", basis=Basis.CO_OCCUPANT),)},
        {
            G.SUBLET: {"contracts": (CONTRACT, replace(SUB, tenant="Q", parent="C"))},
            G.COMPANY_LEASE: {"organisations": frozenset({"P"})},
            G.FAMILY: {"occupancies": (replace(STAY, party="Q", basis=Basis.FAMILY),)},
        },
    ),
    RuleId.H9: Case(
        {"cards": (LOST,), "days": used(1, granted=0, refused=1)},
        {G.PROPAGATION: {"doors": door(delivered=False)}},
    ),
    RuleId.H10: Case(
        {"jumps": JUMPS, "doors": FAR},
        {
            G.ADJACENT_DOORS: {"doors": FAR | {"far": DoorCondition(grid="G1")}},
            G.CLOCK_UNSYNCED: {"doors": FAR | {"far": DoorCondition("G2", skew=-61)}},
            G.DOOR_UNRELIABLE: {"doors": FAR | {"far": DoorCondition("G2", online=94)}},
        },
    ),
    RuleId.H11: Case(
        {"tenancies": TWO},
        {
            G.BY_ROOM: {"filings": (replace(FILING, mode=LettingMode.ROOM),)},
            G.SUBLET: {"contracts": (CONTRACT, replace(SUB, id="C2", parent="C"))},
            G.RENEWED: {"tenancies": (replace(TENANCY, renewed_by="T2"), TWO[1])},
        },
    ),
    RuleId.H12: Case(
        {"contracts": (HEAD, SUB)},
        {
            G.OWNER_CONSENT: {
                "contracts": (HEAD, replace(SUB, signed_on=HALF_YEAR_AGO))
            },
            G.PENDING: {"filings": (replace(FILING, state=FilingState.SUBMITTED),)},
        },
    ),
    RuleId.H13: Case(
        {"hazards": (HAZARD,)},
        {G.RECTIFIED: {"hazards": (replace(HAZARD, state=HazardState.SELF_REPORTED),)}},
    ),
    RuleId.H14: Case(
        {"elsewhere": foreigner(ExternalState.DUE)},
        {
            G.PENDING: {"elsewhere": foreigner(ExternalState.SUBMITTED)},
            G.EXEMPT: {"elsewhere": foreigner(ExternalState.EXEMPT)},
            G.LEFT: {"occupancies": (replace(STAY, end=TODAY),)},
        },
    ),
    RuleId.H15: Case({"doors": OFFLINE}),
}


def guarded() -> Iterator[Any]:
    for rule, case in CASES.items():
        for guard in case.guards:
            yield pytest.param(rule, guard, id=f"{rule}-{guard}")


@pytest.mark.parametrize("rule", RuleId)
def test_a_true_case_is_told_in_plain_words(rule: RuleId) -> None:
    told = signal(rule, **CASES[rule].true)
    assert told is not None
    assert not told.guarded
    assert (told.rule, told.version) == (rule, RULES[rule].version)
    assert (told.building, told.unit) == ("B", None if rule is RuleId.H15 else "U")
    assert told.sentence.endswith("。")
    assert "{" not in told.sentence
    assert [g.name for g in told.guards] == [g.name for g in RULES[rule].guards]
    assert {value.key for value in told.policy} == set(RULES[rule].keys)


@pytest.mark.parametrize(("rule", "guard"), [*guarded()])
def test_each_guard_alone_holds_a_rule_back(rule: RuleId, guard: GuardName) -> None:
    case = CASES[rule]
    told = signal(rule, **(case.true | case.guards[guard]))
    assert told is not None
    assert [g.name for g in told.guards if g.excused] == [guard]
    assert told.guarded


def test_every_rule_and_every_guard_has_its_case() -> None:
    assert set(CASES) == set(RULES) == set(RuleId)
    for rule, case in CASES.items():
        assert set(case.guards) == {guard.name for guard in RULES[rule].guards}
    assert {g for case in CASES.values() for g in case.guards} == set(GuardName)


ORDERLY: Changes = {
    "elsewhere": elsewhere(ExternalState.GRANTED),
    "days": used(1, 20),
}


@pytest.mark.parametrize("rule", RuleId)
def test_nothing_is_asked_of_a_house_in_order(rule: RuleId) -> None:
    assert signal(rule, **ORDERLY) is None


SHOP = Unit("U", "B", "0101", 1, UnitUse.SHOP)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (RuleId.H1, {"filings": (), "unit": SHOP}),
        (RuleId.H1, {"filings": (), "tenancies": (), "occupancies": ()}),
        (
            RuleId.H1,
            {
                "filings": (),
                "tenancies": (),
                "occupancies": stays(Basis.TENANT, start=TODAY - 13 * DAY),
            },
        ),
        (RuleId.H2, {"contracts": (replace(CONTRACT, signed_on=TODAY - 30 * DAY),)}),
        (RuleId.H3, {"tenancies": (ENDED,), "days": used(1)}),
        (RuleId.H3, {"tenancies": (ENDED,), "days": used(31, 32, 59)}),
        (
            RuleId.H3,
            {"tenancies": (replace(ENDED, end=TODAY - 30 * DAY),), "days": used(0, 1)},
        ),
        (RuleId.H4, EMPTY | {"days": used(1, 2)}),
        (
            RuleId.H4,
            EMPTY
            | {
                "days": used(1, 2, 3),
                "occupancies": (replace(STAY, end=TODAY - 40 * DAY),),
            },
        ),
        (RuleId.H4, EMPTY | {"days": used(1, 2, 7)}),
        (RuleId.H4, {"days": used(1, 2, 3)}),
        (RuleId.H5, {"occupancies": (replace(WAITING, declared_on=TODAY - 7 * DAY),)}),
        (RuleId.H5, {"occupancies": (WAITING,), "cards": ()}),
        (
            RuleId.H6,
            {
                "unit": Unit("U", "B", "0101", 1, UnitUse.RENTAL),
                "occupancies": stays(*[Basis.TENANT] * 30),
            },
        ),
        (RuleId.H7, {"days": used(59)}),
        (RuleId.H9, {"cards": (LOST,), "days": used(9, granted=0, refused=1)}),
        (RuleId.H10, {"jumps": JUMPS[:1], "doors": FAR}),
        (RuleId.H10, {"jumps": (*JUMPS[:1], JUMPS[0]), "doors": FAR}),
        (
            RuleId.H11,
            {"tenancies": tuple(replace(TENANCY, id=r, room=r) for r in "AB")},
        ),
        (RuleId.H13, {"hazards": (replace(HAZARD, state=HazardState.VERIFIED),)}),
        (RuleId.H14, {"elsewhere": foreigner(ExternalState.GRANTED)}),
        (RuleId.H15, {"doors": door(online=95, skew=-60)}),
        (RuleId.H15, {"doors": door(online=0, own=False)}),
    ],
)
def test_just_within_the_limits_a_rule_is_silent(
    rule: RuleId, changes: Changes
) -> None:
    assert signal(rule, **changes) is None


def test_a_room_that_is_not_for_living_may_not_be_let() -> None:
    told = signal(
        RuleId.H13,
        rooms=(Room("K", "U", "K", RoomKind.KITCHEN),),
        tenancies=(replace(TENANCY, room="K"),),
    )
    assert told is not None
    assert told.numbers["rooms"] == 1


def test_a_lapsed_right_is_told_while_something_is_let() -> None:
    lapsed = replace(RIGHT, end=TODAY)
    assert signal(RuleId.H12, rights=(lapsed,)) is not None
    assert signal(RuleId.H12, rights=(lapsed, RIGHT)) is None
    assert signal(RuleId.H12, rights=(lapsed,), tenancies=()) is None


def test_of_several_findings_the_one_no_guard_excuses_counts() -> None:
    other = replace(TENANCY, id="T2", room="R2")
    told = signal(
        RuleId.H2,
        tenancies=(TENANCY, other),
        elsewhere=elsewhere(ExternalState.SUBMITTED),
    )
    assert told is not None
    assert not told.guarded


def test_what_doors_saw_is_no_input_of_the_number_of_heads() -> None:
    """Cards are no heads: however many cards open, the answer is the same."""
    crowd = tuple(CardDay(n, TODAY, "front", granted=50) for n in range(99))
    true = CASES[RuleId.H6].true
    assert signal(RuleId.H6, **true, days=crowd) == signal(RuleId.H6, **true)
    assert WHOLE.unit.area == 40.0
