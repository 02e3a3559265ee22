"""The OSDP secure channel: keys, cryptograms, and the chain of MACs.

Follows the secure channel of SIA OSDP v2.2; checked against the examples of its
Annex E.
"""

from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from controller.errors import MessageRefused
from controller.protocols.osdp.frames import (
    MAC_LENGTH,
    SIGNED_BLOCKS,
    BlockType,
    Frame,
    SecurityBlock,
    signed_part,
)

DEFAULT_KEY = bytes(range(0x30, 0x40))
"""SCBK-D, which everyone knows: for setting up a reader, never for service."""
RANDOM_LENGTH = 8

RandomSource = Callable[[int], bytes]
"""Returns that many unpredictable bytes."""

_BLOCK = 16
_FILL = b"\x80"
_SIGNED = {False: BlockType.COMMAND_SIGNED, True: BlockType.REPLY_SIGNED}
_ENCRYPTED = {False: BlockType.COMMAND_ENCRYPTED, True: BlockType.REPLY_ENCRYPTED}


def _encrypt_block(key: bytes, block: bytes) -> bytes:
    # One block at a time is all the key schedule and the cryptograms use.
    encryptor = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 # as the standard has it
    return encryptor.update(block)


def _encrypt_chain(key: bytes, start: bytes, data: bytes) -> bytes:
    return Cipher(AES(key), CBC(start)).encryptor().update(data)


def _decrypt_chain(key: bytes, start: bytes, data: bytes) -> bytes:
    return Cipher(AES(key), CBC(start)).decryptor().update(data)


def _invert(block: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in block)


def _fill(data: bytes) -> bytes:
    filled = data + _FILL
    return filled + bytes(-len(filled) % _BLOCK)


class SessionKeys:
    """The three keys of one session, and what is computed with them."""

    __slots__ = ("_control_random", "_data", "_mac_chain", "_mac_last")

    def __init__(self, base_key: bytes, control_random: bytes) -> None:
        """Derive the keys from the base key (SCBK) and the control side's random."""
        salt = control_random[:6] + bytes(8)
        self._data = _encrypt_block(base_key, b"\x01\x82" + salt)
        self._mac_chain = _encrypt_block(base_key, b"\x01\x01" + salt)
        self._mac_last = _encrypt_block(base_key, b"\x01\x02" + salt)
        self._control_random = control_random

    def client_cryptogram(self, reader_random: bytes) -> bytes:
        """Return the reader's proof."""
        return _encrypt_block(self._data, self._control_random + reader_random)

    def server_cryptogram(self, reader_random: bytes) -> bytes:
        """Return the control side's proof."""
        return _encrypt_block(self._data, reader_random + self._control_random)

    def initial_mac(self, server_cryptogram: bytes) -> bytes:
        """Return the MAC that starts the chain."""
        first = _encrypt_block(self._mac_chain, server_cryptogram)
        return _encrypt_block(self._mac_last, first)

    def mac(self, previous: bytes, data: bytes) -> bytes:
        """Return the MAC over `data` that follows the previous one."""
        whole = data if data and len(data) % _BLOCK == 0 else _fill(data)
        if head := whole[:-_BLOCK]:
            previous = _encrypt_chain(self._mac_chain, previous, head)[-_BLOCK:]
        return _encrypt_chain(self._mac_last, previous, whole[-_BLOCK:])

    def encrypt(self, previous: bytes, data: bytes) -> bytes:
        """Encrypt data under the inverse of the previous MAC."""
        return _encrypt_chain(self._data, _invert(previous), _fill(data))

    def decrypt(self, previous: bytes, data: bytes) -> bytes:
        """Decrypt data; raises MessageRefused when its filling is wrong."""
        if len(data) % _BLOCK:
            raise MessageRefused("encrypted data must come in blocks of 16 bytes")
        plain = _decrypt_chain(self._data, _invert(previous), data).rstrip(b"\0")
        if data and not plain.endswith(_FILL):
            raise MessageRefused("encrypted data ends without its mark")
        return plain[:-1]


class SecureChannel:
    """Seals what one side sends and opens what the other side sends.

    Commands continue from the last reply's MAC and replies from the last command's,
    so that a command repeated as it was stays valid.
    """

    __slots__ = ("_keys", "_last")

    def __init__(self, keys: SessionKeys, initial_mac: bytes) -> None:
        """Start with the MAC that ended the handshake."""
        self._keys = keys
        self._last = {True: initial_mac, False: initial_mac}

    def seal(self, frame: Frame) -> Frame:
        """Return the frame encrypted and signed."""
        previous = self._last[not frame.reply]
        kinds = _ENCRYPTED if frame.data else _SIGNED
        data = self._keys.encrypt(previous, frame.data) if frame.data else b""
        block = SecurityBlock(kinds[frame.reply])
        sealed = replace(frame, data=data, block=block)
        mac = self._keys.mac(previous, signed_part(sealed))
        self._last[frame.reply] = mac
        return replace(sealed, mac=mac[:MAC_LENGTH])

    def open(self, frame: Frame) -> Frame:
        """Return the frame in clear; raises MessageRefused and stays as it was."""
        kinds = (_SIGNED[frame.reply], _ENCRYPTED[frame.reply])
        if frame.block is None or frame.block.type not in kinds:
            raise MessageRefused("a frame in clear inside a secure channel")
        previous = self._last[not frame.reply]
        mac = self._keys.mac(previous, signed_part(frame))
        if not compare_digest(mac[:MAC_LENGTH], frame.mac):
            raise MessageRefused("a frame signed by someone else")
        data = frame.data
        if frame.block.type in _ENCRYPTED.values():
            data = self._keys.decrypt(previous, data)
        self._last[frame.reply] = mac
        return replace(frame, data=data, block=None, mac=b"")


def is_sealed(frame: Frame) -> bool:
    """Say whether a frame claims to come through a secure channel."""
    return frame.block is not None and frame.block.type in SIGNED_BLOCKS
