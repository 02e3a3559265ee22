"""Looking for readers: each address once, whatever answers."""

from hypothesis import given
from hypothesis import strategies as st

from controller.protocols.osdp.codes import ReplyCode
from controller.protocols.osdp.frames import Frame, encode_frame
from controller.protocols.osdp.peripheral import Peripheral
from controller.protocols.osdp.scan import SLOT, Scan
from tests.support.osdp_rig import reader


def look(readers: list[Peripheral], addresses: range) -> Scan:
    """Let a scan run over readers that answer at once."""
    scan, now = Scan(addresses, 9600), 0.0
    while not scan.done:
        for data in scan.data_to_send(now):
            for one in readers:
                one.receive_data(data, now)
                for reply in one.data_to_send(now):
                    scan.receive_data(reply)
        now += SLOT / 4
    return scan


def test_every_reader_is_found_where_it_is() -> None:
    scan = look([reader(3), reader(9)], range(12))
    assert [one.address for one in scan.found] == [3, 9]
    assert scan.found[0].identity.serial == 3


def test_an_empty_bus_ends() -> None:
    assert look([], range(127)).found == []


def test_only_an_identity_from_the_address_that_was_asked_counts() -> None:
    scan = Scan(range(2), 9600)
    scan.data_to_send(0.0)
    for frame in (
        Frame(1, reply=True, sequence=0, code=ReplyCode.PDID, data=bytes(12)),
        Frame(0, reply=True, sequence=0, code=ReplyCode.NAK, data=b"\x06"),
        Frame(0, reply=True, sequence=0, code=ReplyCode.PDID, data=b"short"),
        Frame(0, reply=False, sequence=0, code=ReplyCode.PDID, data=bytes(12)),
    ):
        scan.receive_data(encode_frame(frame))
    assert scan.found == []
    assert scan.data_to_send(0.01) == ()


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_any_bytes_neither_raise_nor_hold_up(noise: list[bytes]) -> None:
    scan, now = Scan(range(3), 9600), 0.0
    for data in [*noise, *[b""] * 8]:
        scan.data_to_send(now)
        scan.receive_data(data)
        now += 1.0
    assert scan.done
