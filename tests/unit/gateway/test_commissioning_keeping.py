"""What commissioning leaves on disk, and whatever stops it half way."""

import errno
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.cose import Signer, open_signed
from controller.errors import SignatureRefused
from controller.uplink.commissioning import CONTEXT, Check, open_record
from controller.vocabulary import ControllerId
from gateway.commissioning.dialogue import (
    CommissioningFailed,
    Findings,
    Place,
    Plan,
)
from gateway.commissioning.keeping import record_of, write_record
from gateway.commissioning.wizard import Operator, _places, commission
from gateway.config.keys import HeldKeys, put_keys, write_whole
from gateway.config.reading import read_toml
from gateway.config.settings import ControllerSection, LineSection
from gateway.device import create_key
from gateway.errors import GatewayError
from tests.support.gateway_files import CONFIG

KEY = bytes(range(16))
PLAN = Plan(ControllerId("side/door 门"), 5, 19200, KEY, 30.0)
CHECKS = {
    Check.LOCK: False,
    Check.TAMPER: True,
    Check.CONTACT: False,
    Check.CARD: True,
}
FOUND = Findings("maker", "1.2.3", Place(5, 19200), CHECKS)
RECORD = record_of(PLAN, "side", FOUND, "op-07")
OPERATOR = Operator("op-07", print, lambda _question: True)
FULL = OSError(errno.ENOSPC, "No space left on device")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_keys_file_that_others_could_read_is_ours_alone_afterwards(
    tmp_path: Path,
) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('[table]\nx = "00"\n', encoding="utf-8")
    keys.chmod(0o644)
    put_keys(keys, "reader", HeldKeys(KEY))
    assert mode(keys) == 0o600
    assert read_toml(keys) == {"reader": KEY.hex(), "table": {"x": "00"}}


def test_a_disk_that_fails_leaves_the_keys_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys.toml"
    put_keys(keys, "first", HeldKeys(KEY))
    before = keys.read_bytes()

    def full(_handle: int) -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            put_keys(keys, "second", HeldKeys(KEY))
    assert keys.read_bytes() == before
    put_keys(keys, "second", HeldKeys(KEY))
    assert set(read_toml(keys)) == {"first", "second"}
    assert [path.name for path in tmp_path.iterdir()] == ["keys.toml"]


def test_what_lies_in_the_way_is_neither_followed_nor_kept(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"other people's")
    (tmp_path / ".keys.toml.new").symlink_to(elsewhere)
    write_whole(tmp_path / "keys.toml", b"ours")
    assert elsewhere.read_bytes() == b"other people's"
    assert (tmp_path / "keys.toml").read_bytes() == b"ours"
    assert not (tmp_path / "keys.toml").is_symlink()


def test_a_record_says_what_was_found_in_the_order_of_the_checks(
    tmp_path: Path,
) -> None:
    device = Ed25519PrivateKey.generate()
    path = write_record(tmp_path / "data", RECORD, Signer(device, "gateway-1"))
    folder = tmp_path / "data" / "commissioning"
    assert (path.parent, mode(folder), mode(path)) == (folder, 0o700, 0o600)
    assert path.name.startswith("side%2Fdoor%20%E9%97%A8-")
    signer, record = open_record(path.read_bytes(), lambda _: device.public_key())
    assert (signer, record.operator) == ("gateway-1", "op-07")
    assert (record.controller, record.door) == (PLAN.controller, "side")
    assert (record.identity, record.firmware) == ("maker", "1.2.3")
    assert (record.address, record.baud) == (5, 19200)
    assert record.passed == {Check.CARD, Check.TAMPER}


def test_a_record_of_another_gateway_or_another_kind_is_refused(
    tmp_path: Path,
) -> None:
    own, other = (Ed25519PrivateKey.generate() for _ in range(2))
    path = write_record(tmp_path, RECORD, Signer(own, "gateway-1"))
    data = path.read_bytes()
    with pytest.raises(SignatureRefused):
        open_signed(data, lambda _: other.public_key(), CONTEXT, 999)
    with pytest.raises(SignatureRefused):
        open_signed(data, lambda _: own.public_key(), b"another record 1", 999)
    opened = open_signed(data, lambda _: own.public_key(), CONTEXT, 999)
    assert opened.signer == "gateway-1"


# The wizard, as far as it comes without a reader.


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG, encoding="utf-8")
    create_key(tmp_path / "gateway-data")
    return path


def attempt(config: Path, name: str = "reader-1") -> None:
    commission(config, name, 1.0, OPERATOR)


def test_a_key_is_written_down_before_the_port_is_touched_and_used_again(
    config: Path,
) -> None:
    keys = config.parent / "keys.toml"
    for _ in range(2):
        with pytest.raises(OSError, match="bus-01"):
            attempt(config)
    assert mode(keys) == 0o600
    assert len(bytes.fromhex(read_toml(keys)["reader-1"])) == 16
    assert keys.read_text(encoding="utf-8").count("reader-1") == 1


@pytest.mark.parametrize("key", ['"0g"', "7", '"abc"'])
def test_a_key_that_is_none_is_named_and_left(config: Path, key: str) -> None:
    keys = config.parent / "keys.toml"
    keys.write_text(f"reader-1 = {key}\n", encoding="utf-8")
    with pytest.raises(CommissioningFailed, match="reader-1 is no string of hex"):
        attempt(config)
    assert keys.read_text(encoding="utf-8") == f"reader-1 = {key}\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nobody", r"no controller 'nobody'\. Controllers: reader-1, lock-1"),
        ("lock-1", "lock-1 is no OSDP reader"),
    ],
)
def test_who_cannot_be_commissioned_gets_no_key(
    config: Path, name: str, says: str
) -> None:
    with pytest.raises(CommissioningFailed, match=says):
        attempt(config, name)
    assert not (config.parent / "keys.toml").exists()


def test_an_address_that_is_no_number_is_no_reader_s(config: Path) -> None:
    config.write_text(CONFIG.replace('"0"', '"first"'), encoding="utf-8")
    with pytest.raises(CommissioningFailed, match="reader-1 is no OSDP reader"):
        attempt(config)


def test_without_a_device_key_nothing_is_begun(config: Path) -> None:
    (config.parent / "gateway-data" / "device.key").unlink()
    with pytest.raises(GatewayError, match="menhu-gateway init"):
        attempt(config)
    assert not (config.parent / "keys.toml").exists()


def test_a_reader_is_looked_for_at_home_first_and_never_at_a_neighbour_s() -> None:
    members = [
        ControllerSection(id=name, door=name, address=address)
        for name, address in (("reader", "5"), ("neighbour", "3"), ("other", "126"))
    ]
    line = LineSection(
        name="bus", protocol="osdp", port="bus", baud=38400, controllers=tuple(members)
    )
    plan = Plan(ControllerId("reader"), 5, 38400, KEY, 1.0)
    first, *sweeps = _places(plan, line)
    assert first == (38400, [5])
    speeds = [baud for baud, _ in sweeps]
    assert speeds == [38400, 9600, 19200, 57600, 115200, 230400]
    for _, addresses in sweeps:
        assert set(range(127)) - set(addresses) == {3, 126}
