"""Whatever a permit says, a board that holds it never lets more pass."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.protocols.uhppote.message import SIZE, START_OF_MESSAGE
from controller.protocols.uhppote.session import NetworkSession
from controller.protocols.uhppote.tables import REPLIES
from controller.schedule import MINUTES_PER_DAY, Hours, Validity, WeeklyProfile
from controller.session import LineSettings, Packet
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId
from tests.support.uhppote_double import Board, passes
from tests.support.uhppote_line import host, line, member

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 5, 1, tzinfo=ZONE)
SERIAL = Board().serial
DOORS = [member(SERIAL, door).controller for door in (1, 2)]
SPANS = st.tuples(
    st.integers(0, MINUTES_PER_DAY - 2), st.integers(2, MINUTES_PER_DAY)
).filter(lambda span: span[0] + 2 <= span[1])
PROFILES = st.lists(
    st.builds(lambda day, span: Hours(day, *span), st.integers(0, 6), SPANS),
    min_size=1,
    max_size=9,
).map(lambda hours: WeeklyProfile("hours", "Asia/Shanghai", tuple(hours)))


@st.composite
def validities(draw: st.DrawFn) -> Validity:
    start = draw(st.integers(0, 20 * MINUTES_PER_DAY))
    length = draw(st.integers(2, 10 * MINUTES_PER_DAY))
    begin = BEGIN + timedelta(minutes=start)
    return Validity(
        begin.astimezone(UTC), (begin + timedelta(minutes=length)).astimezone(UTC)
    )


PERMITS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 2), validities(), st.none() | PROFILES),
    max_size=5,
)
MOMENTS = st.lists(st.integers(0, 31 * MINUTES_PER_DAY), min_size=20, max_size=40)


@given(rows=PERMITS, minutes=MOMENTS, seconds=st.integers(0, 59))
@settings(max_examples=25, deadline=None)
def test_a_board_lets_pass_exactly_whom_the_permits_let(
    rows: list[tuple[int, int, Validity, WeeklyProfile | None]],
    minutes: list[int],
    seconds: int,
) -> None:
    board = Board()
    net = line(board, doors=2)
    net.until_online()
    held: dict[int, list[Permit]] = {0: [], 1: []}
    for number, (door, card, validity, profile) in enumerate(rows):
        each = Permit(
            PermitId(number), CardNumber(card), DoorId("d"), validity, profile
        )
        held[door].append(each)
    for door, name in enumerate(DOORS):
        net.apply(name, held[door])
    net.run(5)
    edges = [each.validity.start for row in held.values() for each in row]
    edges += [each.validity.end for row in held.values() for each in row]
    near = [edge + timedelta(minutes=step) for edge in edges for step in (-1, 0, 1)]
    for moment in [*near, *(BEGIN + timedelta(minutes=each) for each in minutes)]:
        at = moment.astimezone(ZONE) + timedelta(seconds=seconds)
        for door, row in held.items():
            for card in (1, 2):
                may = any(
                    each.card.value == card
                    and each.validity.contains(at)
                    and (each.profile is None or each.profile.contains(at))
                    for each in row
                )
                passed = passes(board, card, door + 1, at.replace(tzinfo=None))
                assert passed <= may, "never wider"
                if at.hour * 60 + at.minute not in (0, MINUTES_PER_DAY - 1):
                    assert passed is may or _of_one_minute(row, at)


def _of_one_minute(row: list[Permit], at: datetime) -> bool:
    """Say whether a span around a moment is a single minute, which boards drop."""
    before, after = at - timedelta(minutes=1), at + timedelta(minutes=1)
    return not any(
        each.validity.contains(at)
        and each.validity.contains(other)
        and (each.profile is None or each.profile.contains(other))
        for each in row
        for other in (before, after)
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(REPLIES)), st.binary(min_size=56, max_size=56)
        ),
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_message_of_a_board_leaves_its_line_running(
    messages: list[tuple[int, bytes]],
) -> None:
    session = NetworkSession(LineSettings((member(SERIAL),)), 0.0)
    now = 0.0
    for function, body in messages:
        now += 0.1
        data = bytes((START_OF_MESSAGE, function, 0, 0)) + SERIAL.to_bytes(4, "little")
        assert len(data + body) == SIZE
        session.receive_data(Packet(data + body, f"{host(SERIAL)}:60000"), now)
        session.on_timeout(now)
        assert len(session.data_to_send(now)) < 10
        assert {event.controller for event in session.events()} <= {DOORS[0]}
