"""A data folder that cannot be used is told in a line with a remedy, never a trace."""

import json
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from typer.testing import CliRunner, Result

from registry.cli import program
from registry.persistence import database
from tests.support.registry_bench import STREET, public_pem

COMMANDS = ["migrate", "seed", "enroll", "audit", "serve"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Make and fill one registry; returns its files."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "street.json").write_text(json.dumps(STREET), "utf-8")
    (folder / "device.pub").write_text(public_pem(Ed25519PrivateKey.generate()))
    for command in ("migrate", "seed"):
        assert say(folder, command).exit_code == 0
    with closing(sqlite3.connect(folder / "data" / "menhu.db")) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


@pytest.fixture
def folder(tmp_path: Path, whole: dict[str, bytes]) -> Path:
    (tmp_path / "data").mkdir(mode=0o700)
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    return tmp_path


def say(folder: Path, command: str) -> Result:
    """Run a command on the folder; whatever is wrong, it leaves with a code."""
    more = {
        "seed": [str(folder / "street.json")],
        "enroll": ["gateway-1", "--public-key", str(folder / "device.pub")],
        "audit": ["verify"],
        "serve": ["--port", "9"],
    }
    called = ["--data", str(folder / "data"), command, *more.get(command, [])]
    done = CliRunner().invoke(program, called)
    assert isinstance(done.exception, SystemExit | None), "no trace"
    return done


def overwritten(path: Path) -> None:
    path.write_bytes(b"no database at all, " * 400)


def torn(path: Path) -> None:
    """Keep the first page, which says what the rest should be."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))


@pytest.mark.parametrize("spoil", [overwritten, torn])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_database_sends_the_operator_to_the_doctor(
    folder: Path, command: str, spoil: Callable[[Path], None]
) -> None:
    spoil(folder / "data" / "menhu.db")
    done = say(folder, command)
    assert done.exit_code == 1
    assert "the database cannot be used" in done.stderr
    assert "menhu-registry doctor" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "SELECT" not in done.stderr


def test_the_doctor_knows_the_remedy(folder: Path) -> None:
    assert say(folder, "doctor").exit_code == 0
    overwritten(folder / "data" / "menhu.db")
    done = say(folder, "doctor")
    assert done.exit_code == 1
    assert "menhu.db is no readable database: restore it from a backup" in done.stderr


def test_a_database_that_somebody_else_writes_is_told_as_such(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = (*database.PRAGMAS, "PRAGMA busy_timeout = 50")
    monkeypatch.setattr(database, "PRAGMAS", impatient)
    with closing(sqlite3.connect(folder / "data" / "menhu.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        done = say(folder, "enroll")
        assert done.exit_code == 1
        assert "(database is locked)" in done.stderr
        other.rollback()
    assert say(folder, "enroll").stdout == "gateway-1 is enrolled\n"


def of_another_kind() -> bytes:
    return generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def behind_a_password() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("registry.key", of_another_kind(), "is not Ed25519"),
        ("registry.key", behind_a_password(), "holds no key"),
        ("registry.key", b"\xff\xfe", "holds no key"),
        ("vault.key", b"\xff" * 32, "is not hexadecimal"),
        ("vault.key", b"ab" * 31, "must hold 32 bytes"),
        ("vault.key", b"", "must hold 32 bytes"),
    ],
)
def test_a_key_that_is_none_is_never_replaced(
    folder: Path, name: str, content: bytes, told: str
) -> None:
    """Names sealed with a key are lost with it: only a backup brings it back."""
    key = folder / "data" / name
    key.write_bytes(content)
    done = say(folder, "doctor")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert told in line
    assert "restore it from a backup" in line
    assert say(folder, "serve").exit_code == 1
    say(folder, "migrate")
    assert key.read_bytes() == content


def test_a_lost_key_of_sealed_names_is_not_made_anew(folder: Path) -> None:
    (folder / "data" / "vault.key").unlink()
    done = say(folder, "migrate")
    assert done.exit_code == 1
    assert "restore it from a backup" in done.stderr
    assert not (folder / "data" / "vault.key").exists()


def test_a_port_that_is_taken_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        called = ["--data", str(folder / "data"), "serve", "--port", port]
        done = CliRunner().invoke(program, called)
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code != 0
    assert "address already in use" in caplog.text
