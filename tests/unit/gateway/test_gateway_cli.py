"""The command line itself: its help, its one-line errors, its answers."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from typer.testing import CliRunner

from gateway.cli import app, main
from gateway.device import read_key
from gateway.errors import GatewayError
from tests.support.gateway_files import CONFIG, install

REGISTRY = Ed25519PrivateKey.generate().public_key()
COMMISSION = ["commission", "r", "--operator", "op-1", "-c", "nowhere.toml"]
OPENED = b"1.0\tbus-01\topen\t-\t-\n"
REPORT = {
    "gateway": "gateway-1",
    "doors": {"front": {"online": True}, "back": {"online": False}},
    "doors_online": 1,
    "permits": 2,
    "revision": 7,
    "outbox": {
        "depth": 3,
        "oldest_seconds": 61.4,
        "last_receipt_seconds": None,
        "set_aside": 0,
    },
    "ballast": False,
    "card_to_command_ms": {"p50": 4.0, "p99": None},
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path, REGISTRY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def say(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int | str | None, str, str]:
    """Run the command as the shell does; returns exit code, output and errors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["menhu-gateway", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
    said = capsys.readouterr()
    return left.value.code, said.out, said.err


@pytest.mark.parametrize(
    "command",
    ["init", "check", "run", "status", "replay", "commission", "rotate", "accept"],
)
def test_every_command_s_help_has_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"Example: menhu-gateway {command}" in done.output


def test_the_commands_can_be_completed() -> None:
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["check", "-c", "nowhere.toml"], 2, "nowhere.toml: cannot be read"),
        (["init", "-c", "nowhere.toml"], 2, "nowhere.toml: cannot be read"),
        (COMMISSION, 2, "nowhere.toml: cannot be read"),
        (["status"], 1, "no gateway answers in"),
        (["rotate", "reader-1"], 1, "no gateway answers in"),
        (["accept", "reader-1"], 1, "no gateway answers in"),
        (["replay", "bus-09", "x.trace"], 1, "no line 'bus-09'. Lines: bus-01, smart"),
        (["replay", "bus-01", "x.trace"], 1, "x.trace"),
        (["run"], 1, "menhu-gateway init"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    left, out, err = say(capsys, *arguments)
    assert (left, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1


def test_every_problem_has_a_line_of_its_own(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CONFIG.replace("9600", "1").replace('"127.0.0.1:1883"', '"nowhere"')
    (home / "gateway.toml").write_text(text)
    code, out, err = say(capsys, "check")
    assert (code, out) == (2, "")
    fields = [line.split(":")[0] for line in err.splitlines()]
    assert fields == ["lines[0].baud", "lines[1].broker"]


@pytest.mark.usefixtures("home")
def test_an_installation_in_order_is_said_to_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert say(capsys, "check") == (0, "gateway.toml: in order, 2 lines, 2 doors\n", "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\n", "fields"),
        (OPENED + b"1.0\tbus-01\tin\t-\tzz\n", "not hexadecimal"),
        (OPENED + b'2.0\tbus-01\tOpenDoor\t-\t{"a":1}\n', "OpenDoor"),
        (OPENED + b'2.0\tbus-01\tShowRefusal\t-\t{"controller":"a"}\n', "a"),
    ],
)
def test_a_broken_trace_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    (home / "fault.trace").write_bytes(content)
    code, _, err = say(capsys, "replay", "bus-01", "fault.trace")
    assert code == 1
    assert words in err
    assert err.count("\n") == 1


def test_a_trace_is_played_line_by_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["1.0\tbus-01\topen\t-\t-", "1.5\tbus-01\task\t-\t-"]
    (home / "whole.trace").write_text("\n".join(rows))
    code, out, err = say(capsys, "replay", "bus-01", "whole.trace")
    assert (code, err) == (0, "")
    assert out.startswith("1.500000 Packet(data=b'S")


@pytest.fixture
def daemon(home: Path) -> Iterator[list[bytes]]:
    """Answer at the daemon's socket with whatever the list holds."""
    answers: list[bytes] = []
    (home / "gateway-data").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("gateway-data/status.sock")
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(answers[0])

        thread = threading.Thread(target=answer)
        thread.start()
        yield answers
        thread.join()


def test_the_status_is_told_in_words(
    daemon: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.append(json.dumps(REPORT).encode())
    code, out, _ = say(capsys, "status")
    assert code == 0
    told = {line[:22].strip(): line[22:] for line in out.splitlines()}
    assert told == {
        "gateway": "gateway-1",
        "doors online": "1 of 2",
        "permits": "2 at revision 7",
        "outbox": "3 passages without receipt",
        "oldest passage": "61 s ago",
        "last receipt": "none",
        "segments set aside": "0",
        "ballast": "RELEASED: the disk was full",
        "card to command": "p50 4.0 ms, p99 None ms",
        "offline": "back",
    }


def test_the_status_is_told_as_it_came(
    daemon: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.append(json.dumps(REPORT).encode())
    code, out, _ = say(capsys, "status", "--json")
    assert (code, json.loads(out)) == (0, REPORT)


@pytest.mark.parametrize("answer", [b"", b'{"doors": ', b"\xff"])
def test_a_daemon_that_dies_while_it_answers_is_one_line(
    daemon: list[bytes], capsys: pytest.CaptureFixture[str], answer: bytes
) -> None:
    daemon.append(answer)
    code, out, err = say(capsys, "status")
    assert (code, out) == (1, "")
    assert "breaks off" in err
    assert err.count("\n") == 1


def test_the_key_s_file_is_printed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = say(capsys, "init")
    assert (code, out) == (0, f"{home}/gateway-data/device.pub\n")
    assert (home / "gateway-data/device.pub").read_bytes().startswith(b"-----BEGIN")


def test_a_key_of_another_kind_is_no_device_key(tmp_path: Path) -> None:
    pem = X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (tmp_path / "device.key").write_bytes(pem)
    with pytest.raises(GatewayError, match="no Ed25519 key"):
        read_key(tmp_path)
