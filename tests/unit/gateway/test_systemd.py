"""systemd may be absent, gone or odd: that stops no door."""

import logging
import socket
from pathlib import Path

import pytest

from gateway.notify import notify, watchdog_period


@pytest.mark.parametrize("left_behind", [False, True])
def test_nobody_at_the_socket_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, left_behind: bool
) -> None:
    """As in a container that inherits the variable but not the socket."""
    address = str(tmp_path / "notify")
    if left_behind:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gone:
            gone.bind(address)
    notify("READY=1", {"NOTIFY_SOCKET": address})
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "READY=1 does not reach systemd" in record.message


def test_an_address_too_long_for_a_socket_is_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notify("WATCHDOG=1", {"NOTIFY_SOCKET": "/" + "long/" * 40})
    assert "WATCHDOG=1 does not reach systemd" in caplog.text


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("")  # the system chooses a free abstract name
        receiver.settimeout(5)
        name = receiver.getsockname()
        assert name[:1] == b"\0"
        notify("STOPPING=1", {"NOTIFY_SOCKET": "@" + name[1:].decode()})
        assert receiver.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize(
    ("microseconds", "period"),
    [
        ("1", 0.0000005),
        ("30000000", 15.0),
        ("0", None),
        ("000", None),
        ("", None),
        ("-1", None),
        ("3e7", None),
        ("²", None),
        (" 5", None),
    ],
)
def test_only_a_real_limit_feeds_the_watchdog(
    microseconds: str, period: float | None
) -> None:
    """A limit of nothing would be fed without a pause."""
    assert watchdog_period({"WATCHDOG_USEC": microseconds}) == period
