"""`menhu-registry` as an operator meets it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from typer.testing import CliRunner, Result

from registry.app import build_services
from registry.cli import program
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
    assert "revision 0001" in done.stdout
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
