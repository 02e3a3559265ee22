"""Ends process groups when the one who started them is gone, however it went.

Reads "+GROUP" and "-GROUP" lines; when its input ends, what is left is killed. Its
owner holds the other end of that pipe, which even a killed owner lets go of.
"""

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress


def keep(lines: Iterable[str]) -> set[int]:
    """Return the groups that were named and not taken back."""
    groups: set[int] = set()
    for line in lines:
        sign, group = line[:1], line[1:].strip()
        if group.isdecimal():
            change = groups.add if sign == "+" else groups.discard
            change(int(group))
    return groups


def main() -> None:
    """Wait for the end of the input and clean up."""
    for group in keep(sys.stdin):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
