"""`menhu-registry` as an operator meets it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from typer.testing import CliRunner, Result

from registry.assembly import build_services
from registry.cli import program
from registry.persistence import schema
from registry.persistence.database import database_url, open_engine
from registry.settings import Settings
from tests.support.registry_bench import NAMES, STREET, public_pem, street


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def street_file(tmp_path: Path) -> Path:
    file = tmp_path / "street.json"
    file.write_text(json.dumps(STREET), "utf-8")
    return file


def downgraded(data: Path) -> None:
    engine = open_engine(database_url(data / "menhu.db"))
    schema.downgrade(engine, "base")
    engine.dispose()


def written_tomorrow(data: Path) -> None:
    """Let the data be newer than now, as after a clock went back.

    Not the database itself: a connection of before that ends late would write it anew.
    """
    tomorrow, log = time.time() + 86_400, data / "menhu.db-log"
    log.touch(mode=0o600)
    os.utime(log, (tomorrow, tomorrow))


def run(data: Path, *arguments: object) -> Result:
    return CliRunner().invoke(program, ["--data", str(data), *map(str, arguments)])


@pytest.fixture
def ready(data: Path, street_file: Path) -> Path:
    assert run(data, "migrate").exit_code == 0
    assert run(data, "seed", street_file).exit_code == 0
    return data


def test_migrate_says_what_it_made(data: Path) -> None:
    done = run(data, "migrate")
    assert done.exit_code == 0
    assert f"revision {schema.newest()}" in done.stdout
    assert str(data / "registry.pub") in done.stdout
    assert run(data, "doctor").exit_code == 0


def test_the_data_folder_may_come_from_the_environment(data: Path) -> None:
    done = CliRunner().invoke(program, ["migrate"], env={"MENHU_DATA": str(data)})
    assert done.exit_code == 0
    assert (data / "menhu.db").exists()


def test_seed_counts_and_may_be_repeated(data: Path, street_file: Path) -> None:
    run(data, "migrate")
    first, second = (run(data, "seed", street_file) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert "13 new places" in first.stdout
    assert "permits are at revision 1" in first.stdout
    assert set(re.findall(r"(\d+) new", second.stdout)) == {"0"}


def test_seed_names_the_path_of_a_fault(data: Path, tmp_path: Path) -> None:
    run(data, "migrate")
    document = street()
    document["doors"][1]["building"] = "B7"
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(document))
    done = run(data, "seed", file)
    assert done.exit_code == 2
    assert "$.doors[1].building" in done.stderr
    assert "Traceback" not in done.output
    assert not any(name in done.output for name in NAMES.values())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_seed_refuses_what_is_no_json(
    data: Path, tmp_path: Path, content: bytes
) -> None:
    run(data, "migrate")
    file = tmp_path / "wrong.json"
    file.write_bytes(content)
    done = run(data, "seed", file)
    assert done.exit_code == 2
    assert str(file) in done.stderr


@pytest.mark.parametrize(
    "command", [["seed", "street.json"], ["audit", "verify"], ["serve"]]
)
def test_without_an_installation_a_command_says_what_to_do(
    data: Path, street_file: Path, command: list[str]
) -> None:
    done = run(data, *[street_file if c == "street.json" else c for c in command])
    assert done.exit_code == 1
    assert "menhu-registry migrate" in done.stderr


def test_enroll(ready: Path, tmp_path: Path) -> None:
    key = tmp_path / "device.pub"
    key.write_text(public_pem(Ed25519PrivateKey.generate()))
    done = run(ready, "enroll", "gateway-1", "--public-key", key)
    assert (done.exit_code, done.stdout) == (0, "gateway-1 is enrolled\n")


@pytest.mark.parametrize(
    ("gateway", "pem", "told", "code"),
    [
        ("gateway-9", public_pem(Ed25519PrivateKey.generate()), "gateway-9", 1),
        ("gateway-1", "no key", "device.pub", 2),
        ("gateway-1", None, "cannot be read", 2),
    ],
)
def test_enroll_refuses(
    ready: Path, gateway: str, pem: str | None, told: str, code: int
) -> None:
    key = ready / "device.pub"
    if pem is not None:
        key.write_text(pem)
    done = run(ready, "enroll", gateway, "--public-key", key)
    assert done.exit_code == code
    assert told in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_serve_refuses_what_others_can_reach(ready: Path, host: str) -> None:
    done = run(ready, "serve", "--host", host)
    assert done.exit_code == 2
    assert "not a loopback address" in done.stderr


def test_doctor_says_what_is_wrong(ready: Path) -> None:
    (ready / "vault.key").chmod(0o644)
    (ready / "registry.key").unlink()
    done = run(ready, "doctor")
    assert done.exit_code == 1
    assert "vault.key can be used by others: run `chmod" in done.stderr
    assert "registry.key cannot be read" in done.stderr


@pytest.mark.parametrize(
    ("spoil", "told", "remedy"),
    [
        (lambda d: d.chmod(0o755), "can be used by others", "chmod go-rwx"),
        (lambda d: (d / "menhu.db").chmod(0o644), "can be used by others", "chmod"),
        (lambda d: (d / "registry.key").chmod(0o604), "used by others", "chmod"),
        (lambda d: (d / "vault.key").unlink(), "vault.key cannot be read", "migrate"),
        (lambda d: (d / "vault.key").write_text("zz"), "not hexadecimal", "backup"),
        (lambda d: (d / "registry.key").write_text(""), "holds no key", "backup"),
        (lambda d: (d / "menhu.db").unlink(), "there is no database", "migrate"),
        (
            downgraded,
            f"at revision None, not {schema.newest()}",
            "menhu-registry migrate",
        ),
        (written_tomorrow, "the clock is behind", "NTP"),
    ],
)
def test_doctor_names_each_fault_with_its_remedy(
    ready: Path, spoil: Callable[[Path], object], told: str, remedy: str
) -> None:
    assert run(ready, "doctor").stdout == "everything is in order\n"
    spoil(ready)
    done = run(ready, "doctor")
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = [line for line in done.stderr.splitlines() if told in line]
    assert remedy in line.split(": ", 1)[1]
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", [["migrate"], ["doctor"], ["audit", "verify"]])
def test_a_data_folder_that_is_a_file_is_told(
    tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("something else")
    done = run(file, *command)
    assert done.exit_code == 1
    assert str(file) in done.stderr
    assert isinstance(done.exception, SystemExit), "no trace"
    assert file.read_text() == "something else"


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["seed"],
        ["seed", "nowhere.json"],
        ["enroll", "gateway-1"],
        ["serve", "--port", "0"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "x"],
        ["serve", "--host", "10.0.0.1"],
        ["audit"],
        ["audit", "mend"],
        ["doctor", "--quiet"],
    ],
)
def test_a_wrong_call_leaves_with_the_usage_code(
    ready: Path, arguments: list[str]
) -> None:
    done = run(ready, *arguments)
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert done.output


def test_the_program_without_a_command_shows_its_help() -> None:
    shown = CliRunner().invoke(program, []).output
    for command in ("migrate", "seed", "enroll", "serve", "doctor", "audit"):
        assert command in shown


def test_a_second_migrate_changes_nothing(ready: Path) -> None:
    def content() -> list[object]:
        keys = [(ready / name).read_bytes() for name in ("registry.key", "vault.key")]
        return [*keys, run(ready, "audit", "verify").stdout]

    before = content()
    assert run(ready, "migrate").exit_code == 0
    assert content() == before
    assert run(ready, "doctor").exit_code == 0


def test_audit_verify(ready: Path) -> None:
    done = run(ready, "audit", "verify")
    assert done.exit_code == 0
    assert done.stdout.startswith("1 entries hold; head ")
    store = build_services(Settings(data=ready)).store
    with store.writing() as uow:
        uow.session.execute(text("UPDATE audit_entries SET reason = 'x'"))
    store.close()
    done = run(ready, "audit", "verify")
    assert done.exit_code == 1
    assert "entry 1 does not follow" in done.stderr


@pytest.mark.parametrize(
    "command",
    [[], ["migrate"], ["seed"], ["enroll"], ["serve"], ["doctor"], ["audit", "verify"]],
)
def test_help_has_an_example(command: list[str]) -> None:
    done = CliRunner().invoke(program, [*command, "--help"])
    assert done.exit_code == 0
    assert "Example: menhu-registry" in " ".join(done.stdout.split())


@pytest.fixture
def served(ready: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    call = "from registry.cli import main; main()"
    command = [sys.executable, "-c", call, "--data", str(ready)]
    port = free_port()
    process = subprocess.Popen(
        [*command, "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    address = process.stdout.readline()
    yield process, address
    if process.poll() is None:
        process.kill()
    process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)]
)
def test_serve_prints_its_address_and_stops_when_told(
    served: tuple[subprocess.Popen[str], str], stop: signal.Signals, code: int
) -> None:
    process, line = served
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None
    transport = httpx.HTTPTransport(retries=50)
    with httpx.Client(base_url=found[0], transport=transport) as client:
        assert client.get("/readyz").json() == {"status": "ready", "revision": 1}
        with client.stream("GET", "/live/door/door-001?after=0") as live:
            lines = live.iter_lines()
            assert next(lines)
            process.send_signal(stop)
            assert "" in list(lines), "the stream is ended, not torn"
    _, log = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in log
