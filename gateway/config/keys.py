"""The keys file: what each controller and we share, readable by its owner only.

A line is `name = "hex"`. While a reader is given its next key it is
`name = ["hex", "hex"]`, the key it had and the one it may hold already: both stand in
one file that is replaced in one step, so that neither is lost whenever power goes.
"""

import json
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError

_PRIVATE = 0o600
_MOST_KEYS = 2


@dataclass(frozen=True, slots=True)
class HeldKeys:
    """The key of a controller, and the one it may hold since a rotation began."""

    key: bytes = field(repr=False)
    next_key: bytes | None = field(default=None, repr=False)


def read_keys(value: object) -> HeldKeys:
    """Return what a line of the keys file says; raises ValueError for anything else."""
    rows: list[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(row, str) for row in rows):
        raise ValueError("a key is a string of hex digits")
    keys = list(map(bytes.fromhex, rows))
    if not 1 <= len(keys) <= _MOST_KEYS or len(set(map(len, keys))) > 1:
        raise ValueError("a reader has a key in hex, or two of one size")
    return HeldKeys(*keys)


def put_keys(path: Path, name: str, keys: HeldKeys) -> None:
    """Write the keys of one controller; every other line stays as it is.

    Raises GatewayError for a file whose line for it cannot be told from others.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    value = _value(keys)
    line = f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(value)}\n"
    rows = before.splitlines(keepends=True)
    after = "".join(line if name in _said(row) else row for row in rows)
    if name not in _said(before):
        # At the top, where no table has begun yet.
        after = line + before
    if _said(after) != {**_said(before), name: value}:
        raise GatewayError(f"{path}: give {name} a line of its own")
    write_whole(path, after.encode())


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by another in one step, readable by its owner only."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _value(keys: HeldKeys) -> str | list[str]:
    if keys.next_key is None:
        return keys.key.hex()
    return [keys.key.hex(), keys.next_key.hex()]


def _said(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
