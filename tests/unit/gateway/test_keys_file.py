"""The keys file, changed a line at a time."""

import errno
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.installation import load
from gateway.config.keys import HeldKeys, put_keys, read_keys
from gateway.config.problems import ConfigInvalid
from gateway.config.reading import read_toml
from gateway.errors import GatewayError
from tests.support.gateway_files import LOCK_KEY, READER_KEY, install

NEXT = bytes(range(100, 116))
REGISTRY = Ed25519PrivateKey.generate().public_key()


def test_a_rotation_is_two_keys_in_one_line_and_then_one_again(tmp_path: Path) -> None:
    path = install(tmp_path, REGISTRY)
    keys = tmp_path / "keys.toml"
    put_keys(keys, "reader-1", HeldKeys(READER_KEY, NEXT))
    under_way = load(path)
    assert under_way.keys == {"reader-1": READER_KEY, "lock-1": LOCK_KEY}
    assert under_way.next_keys == {"reader-1": NEXT}
    put_keys(keys, "reader-1", HeldKeys(NEXT))
    over = load(path)
    assert (over.keys["reader-1"], over.next_keys) == (NEXT, {})


def test_what_the_operator_wrote_around_a_key_stays(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('# ours\nother = "00" # spare\n"one" = "01"\n[table]\nx = 1\n')
    put_keys(keys, "one", HeldKeys(b"\x02"))
    put_keys(keys, "new", HeldKeys(b"\x03"))
    assert keys.read_text() == (
        '"new" = "03"\n# ours\nother = "00" # spare\n"one" = "02"\n[table]\nx = 1\n'
    )


@pytest.mark.parametrize("text", ['one = [\n"00"]\n', "one = ", '"""\none = "1"\n"""'])
def test_a_file_it_does_not_understand_is_left_as_it_is(
    tmp_path: Path, text: str
) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(text)
    with pytest.raises(GatewayError, match="a line of its own"):
        put_keys(keys, "one", HeldKeys(b"\x02"))
    assert keys.read_text() == text


def test_a_full_disk_leaves_both_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys.toml"
    put_keys(keys, "one", HeldKeys(READER_KEY, NEXT))

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            put_keys(keys, "one", HeldKeys(NEXT))
    assert read_keys(read_toml(keys)["one"]) == HeldKeys(READER_KEY, NEXT)


@pytest.mark.parametrize(
    "value", [7, [], ["00", "01", "02"], ["00", 1], ["00", "0000"], None]
)
def test_what_is_no_key_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="hex"):
        read_keys(value)


@pytest.mark.parametrize("value", ['["00", 7]', "[]", "{}"])
def test_a_line_that_is_no_key_is_a_problem_of_the_file(
    tmp_path: Path, value: str
) -> None:
    path = install(tmp_path, REGISTRY, keys=f"reader-1 = {value}\n")
    with pytest.raises(ConfigInvalid, match="is no string of hex digits"):
        load(path)


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
        st.tuples(st.binary(min_size=3, max_size=3), st.none() | st.just(b"xyz")),
        max_size=4,
    )
)
def test_every_name_gets_its_keys_and_keeps_them(
    tmp_path_factory: pytest.TempPathFactory,
    wanted: dict[str, tuple[bytes, bytes | None]],
) -> None:
    keys = tmp_path_factory.mktemp("keys") / "keys.toml"
    for _ in range(2):
        for name, (key, following) in wanted.items():
            put_keys(keys, name, HeldKeys(key, following))
    found = read_toml(keys) if wanted else {}
    assert {name: read_keys(value) for name, value in found.items()} == {
        name: HeldKeys(*pair) for name, pair in wanted.items()
    }
