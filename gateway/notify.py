"""Telling systemd how we are (sd_notify(3)), without its library."""

import logging
import os
import socket
from collections.abc import Mapping

MICROSECONDS = 1_000_000
LOG = logging.getLogger(__name__)


def notify(message: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send a state such as READY=1; doors work on when nobody is there to hear it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        try:
            connection.connect(address.replace("@", "\0", 1))
            connection.sendall(message.encode())
        except OSError as error:
            LOG.warning("%s does not reach systemd: %s", message, error)


def watchdog_period(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return how often WATCHDOG=1 is due, in seconds: twice as often as demanded."""
    text = environment.get("WATCHDOG_USEC", "")
    limit = int(text) if text.isdecimal() else 0
    return limit / MICROSECONDS / 2 if limit else None
