"""What the daemon tells systemd, the log, the disk and whoever asks."""

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.backoff import LONGEST, Backoff
from gateway.counters import Latencies
from gateway.device import create_key, read_key
from gateway.errors import GatewayError
from gateway.logs import JsonFormatter, configure
from gateway.notify import notify, watchdog_period
from gateway.permits import Permits
from gateway.status import ask, describe, serve
from gateway.store.ballast import Ballast
from gateway.store.state import State
from tests.support.gateway_site import site
from tests.support.gateway_store import NOON, entry, open_outbox


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(1)
        yield receiver


def test_systemd_hears_when_it_listens(tmp_path: Path, systemd: socket.socket) -> None:
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "notify")})
    assert systemd.recv(100) == b"READY=1"
    notify("READY=1", {})
    notify("READY=1", {"NOTIFY_SOCKET": "vsock:2:1234"})
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(100)


def test_the_watchdog_is_fed_twice_as_often_as_demanded() -> None:
    assert watchdog_period({"WATCHDOG_USEC": "30000000"}) == 15.0
    assert watchdog_period({}) is None
    assert watchdog_period({"WATCHDOG_USEC": "soon"}) is None


def test_log_lines_can_be_json() -> None:
    record = logging.LogRecord("n", logging.WARNING, "f", 1, "door=%s", ("门",), None)
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["message"]) == ("warning", "door=门")
    record.exc_info = (ValueError, ValueError("why"), None)
    assert "ValueError: why" in json.loads(JsonFormatter().format(record))["exception"]


@pytest.mark.parametrize("as_json", [True, False])
def test_logging_goes_to_standard_error(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers.clear()
    try:
        configure(as_json=as_json)
        logging.getLogger("gateway.test").error("door=%s", "front")
    finally:
        root.handlers[:] = before
    said = capsys.readouterr().err
    assert "door=front" in said
    assert said.startswith("{" if as_json else "time=")


def test_the_device_key_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(GatewayError, match="menhu-gateway init"):
        read_key(data)
    public = create_key(data)
    pem, first = public.read_bytes(), read_key(data).private_bytes_raw()
    assert create_key(data) == public
    assert (public.read_bytes(), read_key(data).private_bytes_raw()) == (pem, first)
    assert (data / "device.key").stat().st_mode & 0o777 == 0o600
    (data / "device.key").write_text("nonsense")
    with pytest.raises(GatewayError, match="no private key"):
        read_key(data)


def test_ballast_is_given_up_once_and_laid_again(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", 8192)
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= 8192
    assert (ballast.held, ballast.release(), ballast.held) == (True, True, False)
    assert not ballast.release()
    ballast.restore()
    assert ballast.held


def test_ballast_that_does_not_fit_is_not_laid(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", 2**60)
    assert (ballast.held, list(tmp_path.iterdir())) == (False, [])
    none = Ballast(tmp_path / "none", 0)
    assert (none.held, none.release(), list(tmp_path.iterdir())) == (True, False, [])


def test_pauses_double_up_to_a_limit_and_never_agree() -> None:
    backoff = Backoff()
    failing = [backoff.failing]
    pauses = [backoff.pause() for _ in range(12)]
    assert [*failing, backoff.failing] == [False, True]
    assert all(0.25 <= pause <= LONGEST for pause in pauses)
    assert pauses[-1] >= LONGEST / 2
    assert len(set(pauses)) == len(pauses)
    backoff.reset()
    assert backoff.pause() <= 0.5


def test_latencies_are_ranked() -> None:
    latencies = Latencies()
    assert latencies.milliseconds() == {"p50": None, "p99": None}
    for number in range(1, 101):
        latencies.add(number / 1000)
    assert latencies.milliseconds() == {"p50": 50.5, "p99": 100.0}


async def test_whoever_may_open_the_socket_gets_the_status(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    outbox, state = open_outbox(folder), State(folder / "state.db")
    outbox.append([entry(0)], {})
    place, ballast = site(), Ballast(folder / "ballast", 0)
    place.counters.last_receipt = NOON.timestamp() - 3
    report = describe(place, Permits(state), outbox, ballast)
    with pytest.raises(OSError, match="No such file"):
        ask(folder)
    async with serve(folder, lambda: report):
        assert (folder / "status.sock").stat().st_mode & 0o077 == 0
        answer = await asyncio.to_thread(ask, folder)
    assert not (folder / "status.sock").exists()
    assert answer == report
    assert answer["outbox"] == {
        "depth": 1,
        "oldest_seconds": 0.0,
        "set_aside": 0,
        "last_receipt_seconds": 3.0,
    }
    assert (answer["doors_online"], list(answer["doors"])) == (0, ["front", "back"])
    outbox.close()
    state.close()
