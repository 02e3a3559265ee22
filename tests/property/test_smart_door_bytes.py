"""Whatever bytes arrive, neither role raises, answers a stranger or grows."""

from hypothesis import given
from hypothesis import strategies as st

from controller.cbor import pack
from controller.cose import authenticate
from controller.protocols.smart_door.codec import Channel, Letter
from controller.protocols.smart_door.formats import FORMATS, Format
from controller.protocols.smart_door.topics import Direction, context, topic
from controller.session import Packet
from tests.support.smart_door_line import KEY, LOCK, Line

PLACES = [topic(LOCK, way) for way in Direction] + ["", "menhu/door/other/up"]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.binary(max_size=40)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.integers(0, 9), inner, max_size=3)
    ),
    max_leaves=12,
)


@st.composite
def bodies(draw: st.DrawFn, form: Format, boot: bytes, number: int) -> list[object]:
    """A message of the right shape whose fields hold anything."""
    size = len(form.fields)
    likely = st.sampled_from(
        [0, 1, 2, 2**62, True, None, boot, bytes(32), [], [1], "a"]
    )
    body = draw(st.lists(likely | values, min_size=size, max_size=size))
    return [1, form.kind, boot, number, body]


def both(line: Line, packet: Packet) -> None:
    line.gateway.receive_data(packet, line.now)
    line.door.receive_data(packet, line.now, line.wall)


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.binary(max_size=300))))
def test_strangers_bytes_change_nothing(packets: list[tuple[str, bytes]]) -> None:
    line = Line()
    line.run(0.1)
    before = list(line.events)
    for place, data in packets:
        both(line, Packet(data, place))
    assert line.door.data_to_send() == []
    line.look()
    assert line.events == before


@given(data=st.data())
def test_authentic_nonsense_does_no_harm(data: st.DataObject) -> None:
    line = Line()
    line.run(0.1)
    way = data.draw(st.sampled_from(sorted(FORMATS)))
    place = topic(LOCK, way)
    up = Channel(LOCK, Direction.UP, KEY)
    boot = next(up.open(p.data).boot for p in line.seen if p.peer == up.topic)
    for number in range(50, 53):
        shaped = st.sampled_from(FORMATS[way]).flatmap(
            lambda form, number=number: bodies(form, boot, number)  # type: ignore[misc]
        )
        payload = data.draw(values | shaped)
        both(line, Packet(authenticate(pack(payload), KEY, context(place)), place))
        line.run(0.1)
    assert not line.unlocks
    line.reconnect()
    line.run(30)
    assert line.gateway.deadline() is not None, "the line is back in order"


@given(st.binary(max_size=80))
def test_letters_end_where_they_end(extra: bytes) -> None:
    line = Line()
    hello = line.door.data_to_send()[0]
    line.gateway.receive_data(Packet(hello.data + extra, hello.peer), line.now)
    assert line.gateway.refused == bool(extra)
    channel = Channel(LOCK, Direction.UP, KEY)
    assert isinstance(channel.open(hello.data), Letter)
