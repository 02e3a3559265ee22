"""Grants open doors beside stays, and their states are those of delivery."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import external_filing, filing, rights
from registry.domain.credential import Credential, CredentialState
from registry.domain.grant import GRANTS, Grant, GrantEvent, GrantReason, GrantState
from registry.domain.hardware import Door, DoorStatus
from registry.domain.key_warning import Presented, Withdrawal, unexcused
from registry.domain.occupancy import Basis, Occupancy, Side
from registry.domain.permits import FAR_PAST, derive, midnight
from registry.domain.policy import Policy

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = Policy()
DOORS = tuple(
    Door(d, f"c-{d}", b, d) for d, b in (("d1", "B1"), ("d2", "B1"), ("d3", "B2"))
)
CARD = Credential(1, 7, "P1", CredentialState.ACTIVE, FAR_PAST)
GRANT = Grant(
    "G1",
    "P1",
    "B1",
    "B1-0201",
    frozenset(),
    GrantReason.SERVICE,
    NOW + HOUR,
    NOW + 3 * HOUR,
    Side.LANDLORD,
    revision=5,
)


def opened(*grants: Grant, stays: tuple[Occupancy, ...] = ()) -> set[tuple[str, int]]:
    """Return which doors open, and for how many hours of today."""
    found = derive(stays, [CARD], DOORS, POLICY, NOW, grants=grants)
    return {(p.door, (p.validity.end - p.validity.start) // HOUR) for p in found}


def test_a_grant_opens_the_doors_it_names_while_it_lasts() -> None:
    assert opened(GRANT) == {("d1", 2), ("d2", 2)}
    assert opened(replace(GRANT, doors=frozenset({"d2"}))) == {("d2", 2)}
    assert opened(replace(GRANT, doors=frozenset({"d3"}))) == set()
    assert opened(replace(GRANT, party="P2")) == set()
    assert opened(replace(GRANT, revoked_at=NOW)) == set()
    assert opened(replace(GRANT, start=NOW - 2 * HOUR, end=NOW)) == set()
    later = replace(GRANT, id="G2", start=NOW + 2 * HOUR, end=NOW + 6 * HOUR)
    assert opened(GRANT, later) == {("d1", 5), ("d2", 5)}


def test_a_revoked_grant_takes_nothing_from_who_lives_there() -> None:
    home = Occupancy(
        "O1", "P1", "B1-0201", "B1", Basis.TENANT, date(2026, 1, 1), date(2027, 1, 1)
    )
    whole = {("d1", 379 * 24), ("d2", 379 * 24)}
    assert opened(stays=(home,)) == opened(GRANT, stays=(home,)) == whole
    assert opened(replace(GRANT, revoked_at=NOW), stays=(home,)) == whole
    assert midnight(date(2026, 1, 1), POLICY) + 379 * 24 * HOUR == (
        midnight(date(2027, 1, 15), POLICY)
    )


def test_an_expired_card_opens_and_a_suspended_one_does_not() -> None:
    for state in CredentialState:
        card = replace(CARD, state=state)
        found = derive([], [card], DOORS, POLICY, NOW, grants=[GRANT])
        assert bool(found) == (state in {"active", "expired"}), state


deeds = st.lists(st.sampled_from(["publish", "push", "hear", "revoke"]), max_size=12)


@given(deeds=deeds)
def test_the_machine_of_grants_is_what_deliveries_show(deeds: list[str]) -> None:
    """Walk a door's counters and the machine side by side."""
    door = DoorStatus(DOORS[0], "gateway", "osdp", wanted=5)
    grant, state, revision = GRANT, GRANTS.initial, 5
    for deed in deeds:
        event = None
        if deed == "publish":
            continue
        if deed == "push" and door.pushed < door.wanted:
            door, event = replace(door, pushed=door.wanted), GrantEvent.PUSHED
        elif deed == "hear" and door.acknowledged < door.pushed:
            door = replace(door, acknowledged=door.pushed)
            event = GrantEvent.ACKNOWLEDGED
            if state is GrantState.REVOKE_WANTED and door.acknowledged < revision:
                event = None
        elif deed == "revoke" and grant.revoked_at is None:
            revision += 1
            door = replace(door, wanted=revision)
            grant = replace(grant, revoked_at=NOW, revision=revision)
            event = GrantEvent.REVOKED
        if event is not None:
            state = GRANTS.after(state, event)
        assert grant.state_at(door) is state


def test_a_door_that_has_nothing_to_hear_has_heard_it() -> None:
    still = DoorStatus(DOORS[0], "gateway", "osdp", wanted=3, pushed=3, acknowledged=3)
    assert GRANT.state_at(still) is GrantState.ACKNOWLEDGED
    revoked = replace(GRANT, revoked_at=NOW, revision=9)
    assert revoked.state_at(still) is GrantState.REVOKED_ACK


def test_nothing_that_opens_doors_knows_of_filings_or_contracts() -> None:
    """What is no argument cannot lock anybody out."""
    words = {
        name.lower()
        for module in (filing, external_filing, rights)
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", None) == module.__name__
    }
    for kind in (Occupancy, Credential, Grant, Door):
        for field in fields(kind):
            assert not any(word in str(field.type).lower() for word in words), field
    arguments = set(derive.__annotations__) - {"return"}
    assert arguments == {
        "occupancies",
        "credentials",
        "doors",
        "policy",
        "now",
        "grants",
    }


@pytest.mark.parametrize(
    ("door", "hours", "heard", "warned"),
    [
        ("d1", 1, None, False),
        ("d1", 1, 2, False),
        ("d1", 2, 2, True),
        ("d1", 5, 2, True),
        ("d2", 1, None, True),
        ("d1", -1, None, True),
    ],
)
def test_a_door_that_had_not_heard_is_excused(
    door: str, hours: int, heard: int | None, warned: bool
) -> None:
    acknowledged = None if heard is None else NOW + heard * HOUR
    withdrawal = Withdrawal(1, "d1", NOW, acknowledged)
    shown = Presented(1, door, NOW + hours * HOUR, CARD.state_at(NOW))
    assert unexcused([shown], [withdrawal]) == [shown] * warned
    assert unexcused([replace(shown, credential=2)], [withdrawal])
