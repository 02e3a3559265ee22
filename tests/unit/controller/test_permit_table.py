from datetime import UTC, datetime, timedelta

import pytest

from controller.encoding import LARGEST_COUNT, digest_of
from controller.permit_table import PermitTable
from controller.schedule import Hours, Validity, WeeklyProfile
from controller.vocabulary import (
    LARGEST_CARD_NUMBER,
    CardNumber,
    DoorId,
    Permit,
    PermitId,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = Validity(START, START + timedelta(days=365))
NORTH, SOUTH = DoorId("north"), DoorId("south")
FIRST, SECOND = CardNumber(11), CardNumber(22)
NIGHTS = WeeklyProfile("nights", "Asia/Shanghai", (Hours(0, 0, 60),))


def permit(
    identity: int,
    card: CardNumber = FIRST,
    door: DoorId = NORTH,
    validity: Validity = YEAR,
    profile: WeeklyProfile | None = None,
) -> Permit:
    return Permit(PermitId(identity), card, door, validity, profile)


def many(count: int) -> list[Permit]:
    return [permit(n, CardNumber(n % 7 + 1), DoorId(f"d{n % 5}")) for n in range(count)]


def test_an_empty_table_answers() -> None:
    table = PermitTable()
    assert len(table) == 0
    assert table.digest == bytes(32)
    assert table.of_card(FIRST) == ()
    assert table.of_door(NORTH) == ()
    assert table.terms(FIRST, NORTH) == []
    assert FIRST not in table
    assert list(table.permits()) == []


def test_permits_come_back_as_they_were() -> None:
    extremes = Validity(
        datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    )
    kept = [
        permit(1),
        permit(LARGEST_COUNT, CardNumber(LARGEST_CARD_NUMBER), SOUTH, extremes),
        permit(0, SECOND, DoorId("x" * 200), YEAR, NIGHTS),
        permit(3, FIRST, SOUTH, Validity(START, START + timedelta.resolution), NIGHTS),
    ]
    table = PermitTable(reversed(kept))
    assert set(table.permits()) == set(kept)
    assert table.of_card(FIRST) == (kept[3], kept[0])
    assert table.of_door(SOUTH) == (kept[3], kept[1])
    assert table.digest == digest_of(kept)


def test_terms_are_of_one_card_at_one_door_by_id() -> None:
    table = PermitTable(
        [permit(9), permit(2, profile=NIGHTS), permit(5, door=SOUTH), permit(6, SECOND)]
    )
    second, ninth = table.terms(FIRST, NORTH)
    assert (second[0], second[3]) == (2, NIGHTS)
    assert (ninth[0], ninth[3]) == (9, None)
    assert timedelta(microseconds=ninth[2] - ninth[1]) == timedelta(days=365)
    assert table.terms(SECOND, SOUTH) == []
    assert table.terms(SECOND, DoorId("elsewhere")) == []
    assert SECOND in table


@pytest.mark.parametrize("count", [3, 1000])
def test_changes_are_applied_whether_few_or_many(count: int) -> None:
    held = many(count)
    table = PermitTable(held)
    moved = permit(1, SECOND, SOUTH, profile=NIGHTS)
    table.apply([PermitId(0), PermitId(10**9)], [moved, permit(count)])
    expected = {*held[2:], moved, permit(count)}
    assert len(table) == len(expected)
    assert set(table.permits()) == expected
    assert table.of_card(SECOND) == (moved,)
    assert table.digest == digest_of(expected)
    assert list(table.permits()) == list(PermitTable(table.permits()).permits())


def test_a_late_permit_takes_its_place_by_id() -> None:
    table = PermitTable([*many(1000), permit(2000), permit(2009)])
    table.apply((), [permit(2005), permit(2003)])
    ids = [identity for identity, *_ in table.terms(FIRST, NORTH)]
    assert ids == [2000, 2003, 2005, 2009]


def test_a_put_outweighs_a_removal_and_the_last_put_counts() -> None:
    table = PermitTable([permit(1), permit(1, SECOND)])
    assert list(table.permits()) == [permit(1, SECOND)]
    table.apply([PermitId(1)], [permit(1), permit(1, door=SOUTH)])
    assert list(table.permits()) == [permit(1, door=SOUTH)]
    table.apply([PermitId(1), PermitId(1)], [])
    assert (len(table), table.digest) == (0, bytes(32))


@pytest.mark.parametrize("identity", [-1, LARGEST_COUNT + 1])
def test_an_impossible_id_changes_nothing(identity: int) -> None:
    table = PermitTable([permit(1)])
    before = table.digest
    with pytest.raises(ValueError, match="permit id must be 0 to"):
        table.apply([PermitId(1)], [permit(2), permit(identity)])
    assert list(table.permits()) == [permit(1)]
    assert table.digest == before


def test_equal_doors_and_profiles_are_kept_once() -> None:
    twin = WeeklyProfile("nights", "Asia/Shanghai", (Hours(0, 0, 60),))
    table = PermitTable([permit(1, profile=NIGHTS), permit(2, profile=twin), permit(3)])
    first, second, _ = table.permits()
    assert first.profile is second.profile
    assert first.door is second.door


def test_a_value_that_recurs_takes_no_further_room() -> None:
    table = PermitTable([permit(1, profile=NIGHTS)])
    for door in (NORTH, SOUTH, SOUTH, NORTH, SOUTH):
        table.apply((), [permit(1, door=door, profile=NIGHTS)])
    assert table._doors._values == [NORTH, SOUTH]
    assert table._profiles._values == [NIGHTS]
