"""JSON as esp-rfid writes it, read strictly and within bounds."""

import json
import re
from collections.abc import Mapping
from typing import Any

from controller.errors import MessageRefused

LONGEST_MESSAGE = 2048
"""Bytes: the device's own buffer, MAX_MQTT_BUFFER in its source."""
MOST_BRACKETS = 200
DEEPEST = 6
LONGEST_TEXT = 128
_NUMBER = re.compile(r"-?[0-9]{1,19}")
_PAIR = r"""\s*([A-Za-z_]\w{0,31})\s*:\s*'([^'"\\\x00-\x1f]{0,128})'\s*"""
_PSEUDO = re.compile(rf"\{{{_PAIR}(?:,{_PAIR}){{0,7}}\}}\s*", re.ASCII)
_PAIRS = re.compile(_PAIR, re.ASCII)


def read_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in a message, or raise MessageRefused.

    Names must differ, numbers be finite, text be encodable, nesting be shallow.
    """
    if len(data) > LONGEST_MESSAGE:
        raise MessageRefused(f"more than {LONGEST_MESSAGE} bytes")
    if data.count(b"[") + data.count(b"{") > MOST_BRACKETS:
        raise MessageRefused(f"more than {MOST_BRACKETS} brackets")
    try:
        text = data.decode()
        value = json.loads(
            text, object_pairs_hook=_differing, parse_constant=_refuse_constant
        )
        # An escaped half of a surrogate pair is no character.
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        raise MessageRefused(f"no JSON: {error}") from error
    if not isinstance(value, dict):
        raise MessageRefused("no JSON object")
    if _depth(value) > DEEPEST:
        raise MessageRefused(f"nested deeper than {DEEPEST}")
    return value


def read_pseudo_object(data: bytes) -> dict[str, str]:
    """Return an object such as {cmd:'open', door:'0'}, or raise MessageRefused.

    The device offers this form to Home Assistant as the payload of its commands.
    """
    try:
        text = data[: LONGEST_MESSAGE + 1].decode()
    except UnicodeDecodeError as error:
        raise MessageRefused("no text") from error
    if len(data) > LONGEST_MESSAGE or not _PSEUDO.fullmatch(text):
        raise MessageRefused("no object of single-quoted text")
    return _differing(_PAIRS.findall(text))


class Fields:
    """The named values of one object, each read as what it has to be."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """Return text of some characters at most, without control characters."""
        return _text(self._values.get(name), name, longest)

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """Return text, or a list of texts: one relay has no list, several have."""
        value = self._values.get(name)
        if not isinstance(value, list):
            return (self.text(name),)
        if not 1 <= len(value) <= most:
            raise MessageRefused(f"{name} must have 1 to {most} items")
        return tuple(_text(item, name, LONGEST_TEXT) for item in value)

    def number(self, name: str, least: int, largest: int) -> int:
        """Return a whole number; the device writes some of them as text."""
        value = self._values.get(name)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise MessageRefused(f"{name} must be a whole number")
        if not least <= value <= largest:
            raise MessageRefused(f"{name} must be {least} to {largest}")
        return value

    def flag(self, name: str) -> bool:
        """Return a truth value, which the device writes as text."""
        value = self._values.get(name)
        if value not in ("true", "false"):
            raise MessageRefused(f'{name} must be "true" or "false"')
        return value == "true"

    def object(self, name: str) -> Mapping[str, object]:
        """Return an object within the object."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise MessageRefused(f"{name} must be an object")
        return value


def _text(value: object, name: str, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise MessageRefused(f"{name} must be text of at most {longest} characters")
    if not (value.isprintable() or not value):
        raise MessageRefused(f"{name} holds control characters")
    return value


def _differing(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise MessageRefused("a name appears twice")
    return values


def _refuse_constant(name: str) -> float:
    raise MessageRefused(f"{name} is no number")


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
