"""Processes known by a mark in their environment, however they were started."""

from pathlib import Path
from uuid import uuid4

MARK = "MENHU_TEST_MARK"


def new_mark() -> str:
    """Return a mark nobody else has."""
    return uuid4().hex


def marked(mark: str) -> dict[int, str]:
    """Return the command lines of all running processes that carry a mark."""
    wanted = f"{MARK}={mark}".encode()
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    command = (folder / "cmdline").read_bytes()
                    found[int(folder.name)] = command.replace(b"\0", b" ").decode()
            except OSError:  # ended meanwhile, or another's
                continue
    return found
