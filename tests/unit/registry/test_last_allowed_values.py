"""The last value that is accepted, the first that is not, and what ties decide."""

from datetime import UTC, date, datetime, timedelta

import pytest

from controller.schedule import Validity
from controller.vocabulary import LARGEST_CARD_NUMBER, CardNumber, DoorId, PermitId
from controller.vocabulary import Permit as EdgePermit
from registry.domain.alarms import LONGEST_NOTE, read_acknowledgement
from registry.domain.credential import Credential, CredentialState
from registry.domain.errors import Invalid
from registry.domain.hardware import Door
from registry.domain.house import UnitRegister, UnitState
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.permits import derive, diff
from registry.domain.places import Unit, UnitUse
from registry.domain.policy import Policy
from registry.domain.registration import LONGEST_PERSON_NAME, read
from registry.domain.tenancy import Tenancy
from registry.domain.timeline import (
    RecordedGap,
    RecordedUnwatched,
    TimelineEntry,
    of_gap,
    of_unwatched,
    page,
)
from registry.domain.traffic import HourCount
from registry.web import chart
from tests.support.registry_bench import form

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
TODAY = date(2026, 6, 1)
POLICY = Policy()
NEAR = POLICY.due_window.days


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        ("occupant", "王" * LONGEST_PERSON_NAME, "王" * (LONGEST_PERSON_NAME + 1)),
        ("card", "1", "0"),
        ("card", str(LARGEST_CARD_NUMBER), str(LARGEST_CARD_NUMBER + 1)),
        ("card", "  7 ", "-7"),
        ("card", "", "\u0667"),
        ("key", "a" * 16, "a" * 15),
        ("key", "0" * 64, "0" * 65),
        ("key", "", "A" * 16),
        ("start", "2000-01-01", "1999-12-31"),
        ("end", "2098-12-31", "2099-01-01"),
        ("end", "2026-06-02", "2026-06-01"),
    ],
)
def test_a_field_is_accepted_up_to_its_bound(
    field: str, accepted: str, refused: str
) -> None:
    assert read(form(**{field: accepted})).errors == ()
    assert [e.field for e in read(form(**{field: refused})).errors] == [field]


def test_an_acknowledgement_is_accepted_up_to_its_bounds() -> None:
    name, note = "王" * LONGEST_PERSON_NAME, "到" * LONGEST_NOTE
    assert (LONGEST_PERSON_NAME, LONGEST_NOTE) == (50, 200)
    read_back = read_acknowledgement(name, note, NOON)
    assert (read_back.by, read_back.note) == (name, note)
    with pytest.raises(Invalid) as told:
        read_acknowledgement(name + "王", note + "到", NOON)
    assert [e.field for e in told.value.fields] == ["operator", "note"]


def tenancy(id_: str, end: date) -> Tenancy:
    return Tenancy(id_, "U", None, None, date(2026, 1, 1), end)


def lives(id_: str | None, basis: Basis = Basis.TENANT) -> Occupancy:
    return Occupancy("O-P", "P", "U", "B", basis, tenancy=id_)


FAR, DUE = TODAY + timedelta(days=31), TODAY + timedelta(days=30)


@pytest.mark.parametrize(
    ("tenancies", "occupancies", "state"),
    [
        ([tenancy("A", FAR)], [lives("A")], UnitState.LET_REGISTERED),
        ([tenancy("A", DUE)], [lives("A")], UnitState.DUE),
        ([tenancy("A", FAR), tenancy("B", DUE)], [lives("A"), lives("B")], "due"),
        ([tenancy("A", FAR), tenancy("B", DUE)], [lives("A")], "occupant_missing"),
        ([tenancy("A", DUE)], [lives("X")], UnitState.OCCUPANT_MISSING),
        ([tenancy("A", TODAY)], [lives("A")], UnitState.VACANT),
        ([], [lives(None), lives(None, Basis.OWNER)], UnitState.OWNER),
        ([], [lives(None, Basis.FAMILY)], UnitState.VACANT),
        ([tenancy("A", FAR)], [lives("A"), lives(None, Basis.OWNER)], "let_registered"),
    ],
)
def test_the_most_pressing_of_several_tenancies_is_the_units_state(
    tenancies: list[Tenancy], occupancies: list[Occupancy], state: str
) -> None:
    unit = Unit("U", "B", "0101", 1, UnitUse.RENTAL)
    filed = UnitRegister(unit, tenancies, occupancies, filed=True).state(
        TODAY, POLICY.due_window.days
    )
    assert filed == state
    shop = Unit("U", "B", "0101", 1, UnitUse.SHOP)
    traded = UnitRegister(shop, tenancies, occupancies, filed=False).state(
        TODAY, POLICY.due_window.days
    )
    assert traded is UnitState.SHOP


def stay(start: int, end: int) -> Occupancy:
    first, last = (TODAY + timedelta(days=n) for n in (start, end))
    return Occupancy("O-P", "P", "U", "B", Basis.TENANT, first, last)


@pytest.mark.parametrize(
    ("stays", "windows"),
    [
        ([stay(0, 90), stay(10, 20)], 1),
        ([stay(10, 20), stay(0, 90)], 1),
        ([stay(0, 10), stay(24, 30)], 1),
        ([stay(0, 10), stay(25, 30)], 2),
        ([stay(0, 10), stay(5, 30), stay(20, 90)], 1),
    ],
)
def test_stays_that_touch_with_their_grace_are_one_permit_to_the_latest_end(
    stays: list[Occupancy], windows: int
) -> None:
    held = Credential(1, 7, "P", CredentialState.ACTIVE, NOON)
    found = derive(stays, [held], [Door("D", "C", "B", "门")], POLICY, NOON)
    assert len(found) == windows
    latest = max(permit.validity.end for permit in found)
    last = max(stay.end for stay in stays if stay.end is not None)
    assert latest.astimezone(POLICY.zone).date() == last + timedelta(days=14)


def test_a_permit_of_another_form_is_put_and_not_taken_away() -> None:
    def permit(number: int, hours: int) -> EdgePermit:
        window = Validity(NOON, NOON + hours * HOUR)
        return EdgePermit(PermitId(number), CardNumber(7), DoorId("D"), window)

    same, old, gone = permit(1, 1), permit(2, 1), permit(3, 1)
    longer, new = permit(2, 2), permit(4, 1)
    change = diff([same, old, gone], [same, longer, new])
    assert change.removed == {gone.id}
    assert change.put == {longer, new}
    assert change
    assert diff([], [new])
    assert diff([gone], [])
    assert not diff([same], [same])


def test_a_page_that_is_just_full_has_none_after_it() -> None:
    entries = [
        of_gap(RecordedGap(n, "D", "C", 1, 2, NOON + n * HOUR)) for n in range(3)
    ]
    now = NOON + 9 * HOUR
    assert page(entries, now, None, 3)[1] is False
    shown, more = page(entries, now, None, 2)
    assert ([e.at for e in shown], more) == ([NOON + 2 * HOUR, NOON + HOUR], True)
    rest, more = page(entries, now, shown[-1].place, 2)
    assert ([e.at for e in rest], more) == ([NOON], False)


def test_what_is_of_one_moment_keeps_one_order_through_pages() -> None:
    gaps = [of_gap(RecordedGap(n, "D", "C", 1, 2, NOON)) for n in (2, 10, 1)]
    spans = [
        of_unwatched(RecordedUnwatched(n, "D", "C", NOON - HOUR, NOON, NOON))
        for n in (3, 1)
    ]
    seen: list[TimelineEntry] = []
    place: tuple[datetime, str] | None = None
    for _ in range(9):
        shown, more = page([*gaps, *spans], NOON, place, 1)
        seen += shown
        if not more:
            break
        place = shown[-1].place
    assert seen == [spans[0], spans[1], gaps[1], gaps[0], gaps[2]]


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (1, [1]),
        (4, [1, 2, 3, 4]),
        (5, [2, 4, 6]),
        (8, [2, 4, 6, 8]),
        (9, [5, 10]),
        (20, [5, 10, 15, 20]),
        (21, [10, 20, 30]),
        (401, [200, 400, 600]),
    ],
)
def test_lines_of_the_chart_stand_at_round_numbers(most: int, lines: list[int]) -> None:
    drawn = chart.draw([HourCount(NOON, most)])
    assert [value for value, _ in drawn.lines] == lines
    heights = [y for _, y in drawn.lines]
    assert heights[-1] == chart.TOP
    assert heights == sorted(heights, reverse=True)


def test_bars_share_the_width_and_the_first_of_equals_is_the_peak() -> None:
    hours = [
        HourCount(NOON + n * HOUR, cards, exits, refused)
        for n, (cards, exits, refused) in enumerate([(1, 0, 0), (2, 1, 1), (4, 0, 0)])
    ]
    drawn = chart.draw(hours)
    assert drawn.peak is drawn.bars[1]
    assert (drawn.total, drawn.refused) == (9, 1)
    pitch = (chart.WIDTH - chart.LEFT) / 3
    centres = [chart.LEFT + pitch * (n + 0.5) for n in range(3)]
    assert [bar.centre for bar in drawn.bars] == [round(c, 1) for c in centres]
    cards, exits, refused = drawn.bars[1].segments
    assert cards.height == pytest.approx(2 * exits.height, abs=0.11)
    assert exits.height == refused.height
    assert cards.x == exits.x == refused.x
    assert drawn.bars[1].top == chart.TOP - 6
    assert [s.kind for s in drawn.bars[2].segments] == ["cards"]
