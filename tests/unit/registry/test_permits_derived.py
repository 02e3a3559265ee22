"""Permits follow from occupancies, cards and doors, and from nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.schedule import Validity
from controller.vocabulary import Permit
from registry.domain.credential import OPENING, Credential, CredentialState
from registry.domain.hardware import Door
from registry.domain.occupancy import Basis, Occupancy, Side
from registry.domain.permits import (
    FAR_FUTURE,
    FAR_PAST,
    derive,
    diff,
    midnight,
    validity_of,
)
from registry.domain.policy import Policy

POLICY = Policy()
GRACE = POLICY.door_grace.period
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DOORS = (
    Door("d1", "c1", "B1", "front"),
    Door("d2", "c2", "B1", "back"),
    Door("d3", "c3", "B2", "front"),
)
ZONE = ZoneInfo("Asia/Shanghai")


def lives(
    party: str = "P1",
    building: str = "B1",
    start: date | None = date(2026, 1, 1),
    end: date | None = date(2027, 1, 1),
) -> Occupancy:
    return Occupancy(
        f"O-{party}", party, f"{building}-01", building, Basis.TENANT, start, end
    )


def holds(
    card: int = 7, party: str = "P1", state: CredentialState = CredentialState.ACTIVE
) -> Credential:
    return Credential(card, card, party, state, FAR_PAST)


def permits(
    occupancies: Iterable[Occupancy], cards: Iterable[Credential] = (holds(),)
) -> frozenset[Permit]:
    return derive(occupancies, cards, DOORS, POLICY, NOW)


def test_every_door_of_the_building_and_no_other() -> None:
    found = permits([lives()])
    assert {p.door for p in found} == {"d1", "d2"}
    assert {p.card.value for p in found} == {7}


def test_a_permit_ends_with_the_occupancy_and_the_grace_after_it() -> None:
    (one, two) = permits([lives()])
    assert one.validity == two.validity
    assert one.validity.start == datetime(2026, 1, 1, tzinfo=ZONE)
    assert one.validity.end == datetime(2027, 1, 15, tzinfo=ZONE)


def test_who_said_that_they_left_has_less_time_to_fetch_their_things() -> None:
    end = date(2026, 7, 1)
    said = replace(lives(end=end), leave_by=Side.OCCUPANT, leave_on=end)
    claimed = replace(said, leave_by=Side.LANDLORD)
    earlier = replace(said, leave_on=date(2026, 6, 20))
    ends = [
        {p.validity.end - midnight(end, POLICY) for p in permits([stay])}
        for stay in (said, claimed, earlier)
    ]
    assert ends == [{timedelta(hours=72)}, {GRACE}, {GRACE}]


def test_an_open_occupancy_lasts_as_long_as_controllers_can_say() -> None:
    open_ended = lives(start=None, end=None)
    assert validity_of(open_ended, POLICY) == Validity(FAR_PAST, FAR_FUTURE)


@pytest.mark.parametrize("state", sorted(set(CredentialState) - OPENING))
def test_an_ended_card_opens_nothing(state: CredentialState) -> None:
    assert permits([lives()], [holds(state=state)]) == frozenset()


@pytest.mark.parametrize(
    ("days_after_end", "doors"), [(0, 2), (13, 2), (14, 0), (15, 0)]
)
def test_what_has_ended_with_its_grace_is_left_out(
    days_after_end: int, doors: int
) -> None:
    end = date(2026, 5, 1)
    now = midnight(end, POLICY) + timedelta(days=days_after_end)
    assert len(derive([lives(end=end)], [holds()], DOORS, POLICY, now)) == doors


def test_who_never_moved_in_gets_no_grace() -> None:
    assert permits([lives(start=date(2026, 6, 2), end=date(2026, 6, 2))]) == frozenset()
    assert permits([lives(start=date(2026, 6, 3), end=date(2026, 6, 2))]) == frozenset()


def test_occupancies_that_touch_are_one_permit_and_others_are_two() -> None:
    first = lives(end=date(2026, 7, 1))
    renewed = lives(start=date(2026, 7, 10), end=date(2027, 7, 1))
    later = lives(start=date(2028, 1, 1), end=date(2028, 7, 1))
    assert len(permits([first, renewed])) == 2
    assert len(permits([first, renewed, later])) == 4
    ends = {p.validity.end for p in permits([first, renewed])}
    assert ends == {datetime(2027, 7, 15, tzinfo=ZONE)}


def test_an_extension_keeps_the_id() -> None:
    short, long = lives(end=date(2026, 9, 1)), lives(end=date(2027, 9, 1))
    change = diff(permits([short]), permits([long]))
    assert not change.removed
    assert {p.id for p in change.put} == {p.id for p in permits([short])}


days = st.dates(date(2025, 1, 1), date(2028, 1, 1))
occupancies = st.builds(
    lives,
    st.sampled_from(["P1", "P2", "P3"]),
    st.sampled_from(["B1", "B2", "B3"]),
    st.none() | days,
    st.none() | days,
)
credentials = st.lists(
    st.builds(
        holds,
        st.integers(1, 6),
        st.sampled_from(["P1", "P2", "P3"]),
        st.sampled_from(CredentialState),
    ),
    unique_by=lambda credential: credential.card,
)
worlds = st.tuples(st.lists(occupancies, max_size=8), credentials)


@given(worlds, worlds)
def test_the_change_applied_gives_what_is_desired(
    before: tuple[list[Occupancy], list[Credential]],
    after: tuple[list[Occupancy], list[Credential]],
) -> None:
    current, desired = permits(*before), permits(*after)
    change = diff(current, desired)
    table = {p.id: p for p in current if p.id not in change.removed}
    table |= {p.id: p for p in change.put}
    assert frozenset(table.values()) == desired
    assert not change.put & current, "what is the same is not sent again"
    assert bool(change) == (current != desired)


@given(worlds)
def test_a_permit_holds_exactly_while_somebody_may_pass(
    world: tuple[list[Occupancy], list[Credential]],
) -> None:
    living, cards = world
    found = permits(*world)
    assert len({p.id for p in found}) == len(found)
    for credential in cards:
        for door in DOORS:
            homes = [
                window
                for o in living
                if o.party == credential.party and o.building == door.building
                if (window := validity_of(o, POLICY)) is not None
            ]
            for moment in {NOW, *(w.start for w in homes), *(w.end for w in homes)}:
                if moment < NOW:
                    continue
                expected = credential.state in {"active", "expired"} and any(
                    window.contains(moment) for window in homes
                )
                opened = any(
                    p.card.value == credential.card
                    and p.door == door.id
                    and p.validity.contains(moment)
                    for p in found
                )
                assert opened == expected
