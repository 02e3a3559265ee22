"""Telling systemd how we are (sd_notify(3)), without its library."""

import os
import socket
from collections.abc import Mapping

MICROSECONDS = 1_000_000


def notify(message: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send a state such as READY=1, when there is anyone to hear it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        connection.connect(address.replace("@", "\0", 1))
        connection.sendall(message.encode())


def watchdog_period(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return how often WATCHDOG=1 is due, in seconds: twice as often as demanded."""
    limit = environment.get("WATCHDOG_USEC", "")
    return int(limit) / MICROSECONDS / 2 if limit.isdigit() else None
