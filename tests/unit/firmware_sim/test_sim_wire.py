import pytest

from firmware_sim.faults import WireFaults
from firmware_sim.plan import dice
from firmware_sim.wire import Wire


def wire(baud: int, faults: WireFaults | None = None) -> Wire:
    wire = Wire(baud, dice(1, "wire"))
    if faults:
        wire.faults = faults
    return wire


@pytest.mark.parametrize(
    ("baud", "length", "seconds"),
    [(9600, 15, 0.015625), (9600, 1, 10 / 9600), (38400, 96, 0.025), (115200, 0, 0.0)],
)
def test_a_byte_takes_ten_bits(baud: int, length: int, seconds: float) -> None:
    line = wire(baud)
    line.transmit("gateway", bytes(length), 100.0)
    assert line.deadline() == pytest.approx(100.0 + seconds)
    if seconds:
        assert line.arrivals(100.0 + seconds * 0.999) == []
    (sent,) = line.arrivals(100.0 + seconds + 1e-9)
    assert bytes(sent.data) == bytes(length)
    assert line.deadline() is None


def test_a_wire_without_speed_takes_no_time() -> None:
    line = wire(0)
    line.transmit("gateway", b"abc", 5.0)
    assert [bytes(sent.data) for sent in line.arrivals(5.0)] == [b"abc"]


def test_one_talker_waits_for_its_own_bytes() -> None:
    line = wire(9600)
    line.transmit("gateway", bytes(96), 0.0)
    line.transmit("gateway", bytes(48), 0.05)
    ends = [sent.end for sent in line.arrivals(1.0)]
    assert ends == pytest.approx([0.1, 0.15])
    assert line.collisions == 0


def test_taking_turns_is_no_collision() -> None:
    line = wire(9600)
    line.transmit("gateway", b"question", 0.0)
    end = line.deadline()
    assert end is not None
    line.transmit("reader", b"answer", end)
    assert [bytes(s.data) for s in line.arrivals(1.0)] == [b"question", b"answer"]
    assert line.collisions == 0


def test_two_at_once_garble_just_the_bytes_that_met() -> None:
    line = wire(9600)
    line.transmit("gateway", bytes(10), 0.0)
    line.transmit("reader", bytes(10), 7 * 10 / 9600)
    first, second = line.arrivals(1.0)
    assert bytes(first.data) == bytes(7) + b"\xff" * 3
    assert bytes(second.data) == b"\xff" * 3 + bytes(7)
    assert line.collisions == 1


def test_a_lost_transmission_never_arrives() -> None:
    line = wire(9600, WireFaults(drop=1.0))
    line.transmit("gateway", b"gone", 0.0)
    assert line.deadline() is None


def test_a_torn_transmission_arrives_in_order_with_a_pause() -> None:
    line = wire(9600, WireFaults(split=1.0, delay=0.2))
    line.transmit("gateway", b"in two halves", 0.0)
    sent = line.arrivals(10.0)
    assert b"".join(bytes(part.data) for part in sent) == b"in two halves"
    assert len(sent) == 2
    assert sent[1].start - sent[0].end == pytest.approx(0.2)
