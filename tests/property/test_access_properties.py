from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from controller.decision import decide
from controller.encoding import digest_of
from controller.permit_table import PermitTable
from controller.schedule import Hours, WeeklyProfile
from controller.vocabulary import (
    CardNumber,
    Decision,
    DoorId,
    Permit,
    PermitId,
    Reason,
)
from controller.wiegand import (
    ByteOrder,
    Format,
    decode,
    encode,
    read_ten_digits,
    read_three_and_five,
    ten_digits,
    three_and_five,
)
from tests.support.strategies import (
    FEW_CARDS,
    FEW_DOORS,
    ZONES,
    cards,
    crowded_permits,
    hours,
    permits,
    profiles,
)

crowds = st.lists(crowded_permits, max_size=30)
nows = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2032, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)


def latest(held: Iterable[Permit]) -> dict[PermitId, Permit]:
    return {permit.id: permit for permit in held}


def oracle(
    held: Iterable[Permit], door: DoorId, card: CardNumber, now: datetime
) -> Decision:
    mine = sorted((p for p in held if p.card == card), key=lambda p: p.id)
    here = [p for p in mine if p.door == door]
    in_time = [p for p in here if p.validity.contains(now)]
    for reason, answering in (
        (
            Reason.PERMIT,
            [p for p in in_time if p.profile is None or p.profile.contains(now)],
        ),
        (Reason.OUTSIDE_HOURS, in_time),
        (Reason.ENDED, [p for p in here if p.validity.end <= now]),
        (Reason.NOT_YET_VALID, here),
    ):
        if answering:
            return Decision(reason is Reason.PERMIT, reason, answering[0].id)
    return Decision(False, Reason.OTHER_DOOR if mine else Reason.UNKNOWN_CARD)


@given(crowds, st.sampled_from(FEW_DOORS), st.sampled_from(FEW_CARDS), st.data())
def test_the_rule_agrees_with_a_plain_reading_of_it(
    crowd: list[Permit], door: DoorId, card: CardNumber, data: st.DataObject
) -> None:
    held = latest(crowd).values()
    edges = [m for p in held for m in (p.validity.start, p.validity.end)]
    now = data.draw(nows | st.sampled_from(edges) if edges else nows)
    assert decide(PermitTable(crowd), door, card, now) == oracle(held, door, card, now)


@given(crowds, st.sampled_from(FEW_DOORS), st.sampled_from(FEW_CARDS), nows, st.data())
def test_a_further_permit_never_shuts_a_door(
    crowd: list[Permit],
    door: DoorId,
    card: CardNumber,
    now: datetime,
    data: st.DataObject,
) -> None:
    further = data.draw(crowded_permits)
    if further.id in latest(crowd):
        further = Permit(
            PermitId(99), further.card, further.door, further.validity, further.profile
        )
    before = decide(PermitTable(crowd), door, card, now)
    after = decide(PermitTable([*crowd, further]), door, card, now)
    assert after.granted or not before.granted


@given(crowds, st.lists(st.tuples(st.sets(st.integers(0, 45)), crowds), max_size=3))
def test_a_table_changes_as_a_dict_would(
    start: list[Permit], changes: list[tuple[set[int], list[Permit]]]
) -> None:
    table, model = PermitTable(start), latest(start)
    for removed, put in changes:
        table.apply(map(PermitId, removed), put)
        model = {i: p for i, p in model.items() if i not in removed} | latest(put)
        assert len(table) == len(model)
        assert latest(table.permits()) == model
        assert table.digest == digest_of(model.values())
    for card in FEW_CARDS:
        assert latest(table.of_card(card)) == {
            i: p for i, p in model.items() if p.card == card
        }
        assert (card in table) is any(p.card == card for p in model.values())
    for door in FEW_DOORS:
        assert set(table.of_door(door)) == {p for p in model.values() if p.door == door}


@given(st.lists(permits, max_size=8), permits)
def test_splicing_one_permit_equals_building_anew(
    few: list[Permit], one: Permit
) -> None:
    many = [
        Permit(
            PermitId(n), CardNumber(2**40 + n // 3), DoorId(f"d{n % 7}"), one.validity
        )
        for n in range(300)
    ]
    table = PermitTable([*many, *few])
    table.apply((), [one])
    assert latest(table.permits()) == latest([*many, *few, one])
    table.apply([one.id], ())
    model = latest([*many, *few])
    model.pop(one.id, None)
    assert latest(table.permits()) == model
    assert table.digest == digest_of(model.values())


@given(profiles, nows)
def test_hours_agree_with_the_local_clock(
    profile: WeeklyProfile, now: datetime
) -> None:
    local = now.astimezone(ZoneInfo(profile.zone))
    clock = timedelta(hours=local.hour, minutes=local.minute)
    expected = any(
        span.weekday == local.weekday()
        and timedelta(minutes=span.opens) <= clock < timedelta(minutes=span.closes)
        for span in profile.hours
    )
    assert profile.contains(now) is expected
    for zone in ZONES:
        assert profile.contains(now.astimezone(ZoneInfo(zone))) is expected


@given(st.sampled_from(ZONES), st.lists(hours(), max_size=5), nows)
def test_more_hours_never_hold_less(
    zone: str, spans: list[Hours], now: datetime
) -> None:
    whole = WeeklyProfile("all", zone, tuple(spans))
    parts = [WeeklyProfile("one", zone, (span,)) for span in whole.hours]
    assert whole.contains(now) is any(part.contains(now) for part in parts)


@given(cards, st.sampled_from(Format), st.sampled_from(ByteOrder))
def test_a_card_goes_through_every_frame_it_fits(
    card: CardNumber, form: Format, order: ByteOrder
) -> None:
    card = CardNumber(card.value % form.largest + 1)
    if order is ByteOrder.REVERSED and not form.has_whole_bytes:
        return
    assert decode(*encode(card, form, order), order) == card


@given(st.integers(-(2**70), 2**70), st.integers(-1, 80), st.sampled_from(ByteOrder))
def test_any_bits_are_a_card_or_none(bits: int, length: int, order: ByteOrder) -> None:
    card = decode(bits, length, order)
    if card is not None:
        assert encode(card, Format(length), order) == (bits, length)


@given(st.integers(1, 2**32 - 1))
def test_printed_numbers_come_back(number: int) -> None:
    card = CardNumber(number)
    assert read_ten_digits(ten_digits(card)) == card
    small = CardNumber(number % Format.W26.largest + 1)
    assert read_three_and_five(three_and_five(small)) == small
