from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.protocols.osdp.peripheral import Peripheral, ReaderSettings
from controller.protocols.osdp.replies import Identity
from firmware_sim.faults import WireFaults, disturb
from firmware_sim.reader import Reader
from firmware_sim.taps import Settled
from firmware_sim.wire import BITS_PER_BYTE, Wire

BAUDS = st.sampled_from([1200, 9600, 38400, 115200])
SHARES = st.floats(0, 1)
FAULTS = st.builds(
    WireFaults, drop=SHARES, corrupt=SHARES, split=SHARES, late=SHARES, delay=SHARES
)


@given(BAUDS, st.lists(st.binary(min_size=1, max_size=80), min_size=1), st.randoms())
def test_one_talker_is_heard_whole_in_order_and_no_faster(
    baud: int, messages: list[bytes], dice: Random
) -> None:
    wire = Wire(baud, dice)
    for message in messages:
        wire.transmit("gateway", message, 0.0)
    duration = sum(map(len, messages)) * BITS_PER_BYTE / baud
    heard: list[bytes] = []
    now = 0.0
    while (due := wire.deadline()) is not None:
        assert due >= now
        now = due
        heard += [bytes(sent.data) for sent in wire.arrivals(now)]
    assert heard == messages
    assert now == pytest.approx(duration)
    assert wire.collisions == 0


@given(
    BAUDS,
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.binary(min_size=1, max_size=20), st.floats(0, 0.1)
        )
    ),
    st.randoms(),
)
def test_talkers_garble_each_other_only_when_they_overlap(
    baud: int, talks: list[tuple[str, bytes, float]], dice: Random
) -> None:
    wire = Wire(baud, dice)
    for talker, data, at in sorted(talks, key=lambda talk: talk[2]):
        wire.transmit(talker, data, at)
    sent = wire.arrivals(1000.0)
    assert sum(len(one.data) for one in sent) == sum(len(data) for _, data, _ in talks)
    overlaps = sum(
        one.start < other.end and other.start < one.end
        for place, one in enumerate(sent)
        for other in sent[:place]
        if one.talker != other.talker
    )
    assert wire.collisions == overlaps


@given(st.binary(min_size=1, max_size=60), FAULTS, st.randoms())
def test_faults_lose_change_or_delay_but_never_add(
    data: bytes, faults: WireFaults, dice: Random
) -> None:
    parts = list(disturb(data, faults, dice))
    assert len(parts) <= 2
    left = b"".join(piece for _, piece in parts)
    assert len(left) in {0, len(data)}
    assert all(piece and 0 <= pause <= faults.delay for pause, piece in parts)
    changed = sum(a != b for a, b in zip(data, left, strict=False))
    assert changed <= 1


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_leave_a_reader_well(chunks: list[bytes]) -> None:
    settled: list[Settled] = []
    settings = ReaderSettings(0, Identity(b"MHU", 1, 1, 1, bytes(3)), bytes(16))
    reader = Reader(
        "reader-1",
        lambda now: Peripheral(settings, now, bytes),
        settled.append,
        0.0,
    )
    for place, chunk in enumerate(chunks):
        reader.hear(chunk, place * 0.01)
    assert settled == []
    assert not reader.connected
