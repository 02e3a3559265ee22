"""Check values that controllers' wires carry."""

import binascii

OSDP_CRC_START = 0x1D0F


def crc16(data: bytes, start: int = OSDP_CRC_START) -> int:
    """Return the CRC-16 with polynomial 0x1021, most significant bit first."""
    return binascii.crc_hqx(data, start)


def checksum8(data: bytes) -> int:
    """Return the byte that brings the sum of all bytes to zero modulo 256."""
    return -sum(data) & 0xFF
