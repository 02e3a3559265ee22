"""A card is what it was at that moment; a home what it was on that day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.attribution import Attribution, Holder
from registry.domain.credential import (
    ENDED,
    CardState,
    Credential,
    CredentialChange,
    CredentialState,
)
from registry.domain.hardware import Delivery, Door, DoorStatus
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.policy import Policy

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
DOORS = {"d1": "B1", "d2": "B2"}
POLICY = Policy()


def card(
    id_: int,
    party: str,
    issued: int,
    ended: int | None = None,
    state: CredentialState = CredentialState.ACTIVE,
) -> Credential:
    until = None if ended is None else NOON + ended * HOUR
    return Credential(id_, 7, party, state, NOON + issued * HOUR, until)


def home(party: str, building: str, start: date, end: date | None = None) -> Occupancy:
    return Occupancy(
        f"O-{party}", party, f"{building}-1", building, Basis.TENANT, start, end
    )


@pytest.mark.parametrize("state", [CredentialState.ACTIVE, *sorted(ENDED)])
@pytest.mark.parametrize(
    ("hours", "before_end"), [(-2, None), (-1, True), (1, True), (2, False), (9, False)]
)
def test_the_state_of_a_card_at_a_moment(
    state: CredentialState, hours: int, before_end: bool | None
) -> None:
    ended = None if state is CredentialState.ACTIVE else 2
    found = card(1, "P1", -1, ended, state).state_at(NOON + hours * HOUR)
    if before_end is None:
        assert found is CardState.UNKNOWN
    elif before_end or ended is None:
        assert found is CardState.ACTIVE
    else:
        assert found == state.value


def test_a_card_was_lost_as_long_as_its_loss_was_reported() -> None:
    told = [(1, "suspended"), (3, "active"), (5, "expired"), (7, "active")]
    changes = tuple(
        CredentialChange(CredentialState(state), NOON + hour * HOUR)
        for hour, state in told
    )
    held = replace(card(1, "P1", 0), changes=changes)
    seen = [held.state_at(NOON + hour * HOUR) for hour in range(-1, 9)]
    lost, active, expired = ([word] * 2 for word in ("lost", "active", "expired"))
    assert seen == ["unknown", "active", *lost, *active, *expired, *active]
    ended = replace(held, state=CredentialState.CANCELLED, ended_at=NOON + 8 * HOUR)
    assert ended.state_at(NOON + 2 * HOUR) == "lost"
    assert ended.state_at(NOON + 8 * HOUR) == "cancelled"


def test_a_withdrawn_card_is_remembered_at_our_own_doors_only() -> None:
    attribution = Attribution(HISTORY, [], DOORS, POLICY)
    for door, hour in (("d1", 1), ("d1", 3), ("elsewhere", 3), ("d2", 5), ("d2", 6)):
        attribution.of(7, door, NOON + hour * HOUR)
    assert [(w.credential, w.door, w.state) for w in attribution.withdrawn] == [
        (1, "d1", CardState.LOST)
    ]


HISTORY = [
    card(1, "P1", 0, 2, CredentialState.LOST),
    card(2, "P2", 4, 6, CredentialState.RETURNED),
    card(3, "P3", 6),
]
HOMES = [home(p, "B1", date(2026, 1, 1)) for p in ("P1", "P2", "P3")]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (-1, Holder(CardState.UNKNOWN)),
        (0, Holder(CardState.ACTIVE, 1, "P1", "B1-1")),
        (3, Holder(CardState.LOST, 1, "P1", "B1-1")),
        (4, Holder(CardState.ACTIVE, 2, "P2", "B1-1")),
        (6, Holder(CardState.ACTIVE, 3, "P3", "B1-1")),
        (99, Holder(CardState.ACTIVE, 3, "P3", "B1-1")),
    ],
)
def test_a_card_that_went_from_hand_to_hand(hours: int, expected: Holder) -> None:
    attribution = Attribution(HISTORY, HOMES, DOORS, POLICY)
    assert attribution.of(7, "d1", NOON + hours * HOUR) == expected


def test_a_card_nobody_knows_and_no_card() -> None:
    attribution = Attribution(HISTORY, HOMES, DOORS, POLICY)
    assert attribution.of(8, "d1", NOON) == Holder(CardState.UNKNOWN)
    assert attribution.of(None, "d1", NOON) == Holder()


def test_the_home_behind_the_door_goes_before_one_that_has_ended() -> None:
    old = home("P3", "B1", date(2026, 1, 1), date(2026, 6, 1))
    new = Occupancy("O-P3", "P3", "B1-2", "B1", Basis.TENANT, date(2026, 6, 1))
    other = home("P3", "B2", date(2026, 1, 1))
    attribution = Attribution(HISTORY, [old, new, other], DOORS, POLICY)
    at = NOON + 7 * HOUR
    assert attribution.of(7, "d1", at).unit == "B1-2"
    assert attribution.of(7, "d2", at).unit == "B2-1"
    assert attribution.of(7, "d3", at).unit is None


@given(
    st.datetimes(
        datetime(1, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
        datetime(9999, 12, 30),  # noqa: DTZ001 - the same
        timezones=st.just(UTC),
    ),
    st.integers(1, 9),
    st.sampled_from(["d1", "d2", "d3"]),
)
def test_any_moment_is_attributed(at: datetime, number: int, door: str) -> None:
    found = Attribution(HISTORY, HOMES, DOORS, POLICY).of(number, door, at)
    assert found.state is not None
    assert (found.party is None) == (found.state is CardState.UNKNOWN)
    assert found.unit is None or found.party is not None


@pytest.mark.parametrize(
    ("revision", "delivery"),
    [
        (0, Delivery.ACKNOWLEDGED),
        (3, Delivery.ACKNOWLEDGED),
        (4, Delivery.PUSHED),
        (5, Delivery.PUSHED),
        (6, Delivery.WANTED),
    ],
)
def test_how_far_a_revision_has_come(revision: int, delivery: Delivery) -> None:
    status = DoorStatus(
        Door("d1", "c1", "B1", "front"),
        "g1",
        "osdp",
        wanted=6,
        pushed=5,
        acknowledged=3,
    )
    assert status.delivery(revision) is delivery
