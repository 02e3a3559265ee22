"""The vocabulary as rows of plain values, the same on every wire of ours."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from controller.cbor import Row, Value, microseconds, pack
from controller.errors import MessageRefused
from controller.schedule import MINUTES_PER_DAY, Hours, Validity, WeeklyProfile
from controller.vocabulary import (
    LARGEST_CARD_NUMBER,
    AlarmChange,
    AlarmKind,
    CardNumber,
    ControllerId,
    Direction,
    DoorId,
    Entry,
    Gap,
    Origin,
    Passage,
    Permit,
    PermitId,
    Reason,
    Unwatched,
)

PERMIT_FIELDS = 6
LARGEST_COUNT = 2**63 - 1
"""What every database can hold."""
MOST_HOURS = 7 * 24
DIGEST_SIZE = 32
DIGEST_MODULUS = 1 << (8 * DIGEST_SIZE)
PASSAGE, GAP, ALARM, UNWATCHED = 0, 1, 2, 3
# Their order is on the wire: new members go to the end.
REASONS = tuple(Reason)
DIRECTIONS = tuple(Direction)
ALARM_KINDS = tuple(AlarmKind)


def optional_moment(moment: datetime | None) -> int | None:
    """Return a time that may be missing as microseconds."""
    return None if moment is None else microseconds(moment)


def read_card(row: Row, field: str) -> CardNumber:
    """Read a card number."""
    return CardNumber(row.integer(field, LARGEST_CARD_NUMBER, 1))


def permit_row(permit: Permit) -> list[Value]:
    """Return a permit as a row."""
    return [
        permit.id,
        permit.card.value,
        permit.door,
        microseconds(permit.validity.start),
        microseconds(permit.validity.end),
        optional_profile(permit.profile),
    ]


def read_permit(value: Value) -> Permit:
    """Read a permit, or raise MessageRefused."""
    row = Row(value, "permit", PERMIT_FIELDS)
    identity = PermitId(row.integer("id", LARGEST_COUNT))
    card = read_card(row, "card")
    door = DoorId(row.text("door"))
    try:
        validity = Validity(row.moment("start"), row.moment("end"))
        profile = read_optional_profile(row, "profile")
    except ValueError as error:
        raise MessageRefused(f"permit: {error}") from error
    return Permit(identity, card, door, validity, profile)


def profile_row(profile: WeeklyProfile) -> list[Value]:
    """Return the hours of a week as a row."""
    hours: list[Value] = [[h.weekday, h.opens, h.closes] for h in profile.hours]
    return [profile.name, profile.zone, hours]


def optional_profile(profile: WeeklyProfile | None) -> list[Value] | None:
    """Return hours that may be missing as a row."""
    return None if profile is None else profile_row(profile)


def read_optional_profile(row: Row, field: str) -> WeeklyProfile | None:
    """Read hours that may be missing; raises ValueError for impossible ones."""
    holder = row.maybe(field)
    return None if holder is None else read_profile(holder, field)


def read_profile(holder: Row, field: str) -> WeeklyProfile:
    """Read the hours of a week; raises ValueError for impossible ones."""
    row = holder.row(field, 3)
    name, zone = row.text("name"), row.text("zone")
    spans = [Row(item, "hours", 3) for item in row.items("hours", MOST_HOURS)]
    hours = tuple(
        Hours(
            span.integer("weekday", 6),
            span.integer("opens", MINUTES_PER_DAY),
            span.integer("closes", MINUTES_PER_DAY),
        )
        for span in spans
    )
    return WeeklyProfile(name, zone, hours)


def permit_weight(permit: Permit) -> int:
    """Return what a permit adds to the digest of a set."""
    return int.from_bytes(hashlib.sha256(pack(permit_row(permit))).digest())


def digest_of(permits: Iterable[Permit]) -> bytes:
    """Return the digest of a set of permits, whatever their order."""
    return digest_bytes(sum(map(permit_weight, permits)))


def digest_bytes(total: int) -> bytes:
    """Return a sum of permit weights as a digest of 32 bytes."""
    return (total % DIGEST_MODULUS).to_bytes(DIGEST_SIZE)


def encode_entry(entry: Entry) -> bytes:
    """Encode one line of the gateway's record."""
    if isinstance(entry, Gap):
        return pack([GAP, entry.controller, entry.epoch, entry.first, entry.last])
    if isinstance(entry, Unwatched):
        since, until = microseconds(entry.since), microseconds(entry.until)
        return pack([UNWATCHED, entry.controller, since, until])
    if isinstance(entry, AlarmChange):
        return pack(
            [
                ALARM,
                entry.door,
                ALARM_KINDS.index(entry.kind),
                microseconds(entry.raised_at),
                optional_moment(entry.cleared_at),
            ]
        )
    origin = entry.origin
    return pack(
        [
            PASSAGE,
            entry.door,
            microseconds(entry.at),
            entry.granted,
            REASONS.index(entry.reason),
            None if entry.card is None else entry.card.value,
            entry.permit,
            DIRECTIONS.index(entry.direction),
            None if origin is None else [origin.controller, origin.epoch, origin.index],
            optional_moment(entry.controller_at),
            round(entry.uncertainty * 1_000_000),
        ]
    )


def read_entry(value: Value) -> Entry:
    """Read one line of a gateway's record, or raise MessageRefused."""
    kind = value[0] if isinstance(value, list) and value else None
    if isinstance(kind, int) and kind in _READERS:
        name, length, read = _READERS[kind]
        return read(Row(value, name, length))
    row = Row(value, "passage", 11)
    row.integer("kind", PASSAGE)
    return Passage(
        door=DoorId(row.text("door")),
        at=row.moment("at"),
        granted=row.flag("granted"),
        reason=REASONS[row.integer("reason", len(REASONS) - 1)],
        card=_read_optional_card(row),
        permit=_read_optional_permit(row),
        direction=DIRECTIONS[row.integer("direction", len(DIRECTIONS) - 1)],
        origin=_read_origin(row),
        controller_at=_read_optional_moment(row, "controller_at"),
        uncertainty=row.integer("uncertainty", LARGEST_COUNT) / 1_000_000,
    )


def _read_gap(row: Row) -> Gap:
    row.integer("kind", GAP)
    controller = ControllerId(row.text("controller"))
    epoch, first, last = (
        row.integer(field, LARGEST_COUNT) for field in ("epoch", "first", "last")
    )
    if last < first:
        raise MessageRefused("gap.last must not come before gap.first")
    return Gap(controller, epoch, first, last)


def _read_unwatched(row: Row) -> Unwatched:
    row.integer("kind", UNWATCHED)
    controller = ControllerId(row.text("controller"))
    since, until = row.moment("since"), row.moment("until")
    if until < since:
        raise MessageRefused("unwatched.until must not come before unwatched.since")
    return Unwatched(controller, since, until)


def _read_alarm(row: Row) -> AlarmChange:
    row.integer("kind", ALARM, ALARM)
    door = DoorId(row.text("door"))
    kind = ALARM_KINDS[row.integer("alarm", len(ALARM_KINDS) - 1)]
    raised_at = row.moment("raised_at")
    cleared_at = _read_optional_moment(row, "cleared_at")
    if cleared_at is not None and cleared_at < raised_at:
        raise MessageRefused("alarm.cleared_at must not come before alarm.raised_at")
    return AlarmChange(door, kind, raised_at, cleared_at)


_READERS: Mapping[int, tuple[str, int, Callable[[Row], Entry]]] = MappingProxyType(
    {
        GAP: ("gap", 5, _read_gap),
        ALARM: ("alarm", 5, _read_alarm),
        UNWATCHED: ("unwatched", 4, _read_unwatched),
    }
)
"""All kinds of lines but passages: their names, lengths and readers."""


def _read_optional_card(row: Row) -> CardNumber | None:
    holder = row.maybe("card")
    return None if holder is None else read_card(holder, "card")


def _read_optional_permit(row: Row) -> PermitId | None:
    holder = row.maybe("permit")
    return None if holder is None else PermitId(holder.integer("permit", LARGEST_COUNT))


def _read_optional_moment(row: Row, field: str) -> datetime | None:
    holder = row.maybe(field)
    return None if holder is None else holder.moment(field)


def _read_origin(row: Row) -> Origin | None:
    holder = row.maybe("origin")
    if holder is None:
        return None
    origin = holder.row("origin", 3)
    return Origin(
        ControllerId(origin.text("controller")),
        origin.integer("epoch", LARGEST_COUNT),
        origin.integer("index", LARGEST_COUNT),
    )
