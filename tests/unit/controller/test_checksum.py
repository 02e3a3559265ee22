import pytest

from controller.checksum import checksum8, crc16


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", 0x1D0F), (b"123456789", 0xE5CC)],
    ids=["nothing", "the catalogue's check string (CRC-16/SPI-FUJITSU)"],
)
def test_crc16(data: bytes, expected: int) -> None:
    assert crc16(data) == expected


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xff", bytes(range(256))])
def test_checksum8_brings_the_sum_to_zero(data: bytes) -> None:
    assert (sum(data) + checksum8(data)) % 256 == 0
