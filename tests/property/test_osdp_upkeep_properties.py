"""Whatever is lost or cut off, a rotation and a file end exactly once."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.session import CommandFailed, Event, Offline, Online
from controller.upkeep import FileSent, KeyRotated, RotateKey, SendFile
from tests.support.osdp_rig import OTHER_KEY, name, reader, secure_bus
from tests.support.osdp_wire import VirtualWire

DATA = bytes(range(64))


def disturbed(seed: int, rate: float) -> VirtualWire:
    """Return a bus in service that from now on loses and spoils frames."""
    wire = secure_bus(1)
    wire.run(2.0)
    wire.events.clear()
    random = Random(seed)  # noqa: S311 # repeatable on purpose

    def mangle(data: bytes, _reply: bool) -> bytes:
        if random.random() >= rate:
            return data
        at = random.randrange(len(data))
        spoiled = bytes((data[at] ^ 1 << random.randrange(8),))
        return data[:at] + spoiled + data[at + 1 :] if random.random() < 0.5 else b""

    wire.mangle = mangle
    return wire


def outcome(wire: VirtualWire, good: type[Event]) -> list[Event]:
    """Let the wire carry everything again; return how the command ended."""
    wire.mangle = lambda data, _reply: data
    ended: list[Event] = []
    for _ in range(40):
        wire.run(wire.now + 1.0)
        ended = [one for one in wire.events if isinstance(one, good | CommandFailed)]
        if ended:
            break
    wire.run(wire.now + 1.0)
    return ended


disturbances = given(
    seed=st.integers(0, 2**32),
    rate=st.floats(0.0, 0.9),
    lasting=st.floats(0.05, 10.0),
)


@disturbances
@settings(max_examples=10, deadline=None)
def test_a_rotation_has_one_outcome_and_it_is_the_truth(
    seed: int, rate: float, lasting: float
) -> None:
    wire = disturbed(seed, rate)
    wire.session.send(RotateKey(name(0), OTHER_KEY), 2.0)
    wire.run(2.0 + lasting)
    ended = outcome(wire, KeyRotated)
    assert len(ended) == 1
    assert (wire.readers[0].key == OTHER_KEY) is isinstance(ended[0], KeyRotated)
    contact = [one for one in wire.events if isinstance(one, Online | Offline)]
    assert not contact or isinstance(contact[-1], Online)


@given(at=st.floats(0.0, 0.3))
@settings(max_examples=10, deadline=None)
def test_a_power_cut_at_any_moment_of_a_rotation_is_survived(at: float) -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    wire.events.clear()
    wire.session.send(RotateKey(name(0), OTHER_KEY), 2.0)
    wire.run(2.0 + at)
    wire.readers = [reader(key=wire.readers[0].key)]
    ended = outcome(wire, KeyRotated)
    assert len(ended) == 1
    assert (wire.readers[0].key == OTHER_KEY) is isinstance(ended[0], KeyRotated)
    assert wire.readers[0].secure


@disturbances
@settings(max_examples=10, deadline=None)
def test_a_file_arrives_whole_or_is_reported(
    seed: int, rate: float, lasting: float
) -> None:
    wire = disturbed(seed, rate)
    wire.session.send(SendFile(name(0), 1, DATA), 2.0)
    wire.run(2.0 + lasting)
    ended = outcome(wire, FileSent)
    assert ended == [FileSent(name(0), 1)]
    whole = wire.readers[0].take_file()
    assert whole is not None
    assert whole.data == DATA
