"""A sealed name opens in its own place with its own key, and nowhere else."""

import pytest

from registry.domain.errors import InstallationFault
from registry.persistence.vault import NONCE_SIZE, VaultKey
from registry.services.identity import masked

KEY = VaultKey(bytes(range(32)))
PLACE = "identities|name|P1"
NAME = "示例住户甲"


def test_what_is_sealed_opens() -> None:
    sealed = KEY.seal(NAME, PLACE)
    assert KEY.open(sealed, PLACE) == NAME
    assert NAME.encode() not in sealed


def test_a_name_is_never_sealed_the_same_way_twice() -> None:
    assert KEY.seal(NAME, PLACE) != KEY.seal(NAME, PLACE)


@pytest.mark.parametrize(
    "place", ["identities|name|P2", "identities|phone|P1", "parties|name|P1", ""]
)
def test_it_does_not_open_elsewhere(place: str) -> None:
    with pytest.raises(InstallationFault):
        KEY.open(KEY.seal(NAME, PLACE), place)


def test_it_does_not_open_with_another_key() -> None:
    with pytest.raises(InstallationFault):
        VaultKey(bytes(32)).open(KEY.seal(NAME, PLACE), PLACE)


@pytest.mark.parametrize("position", [0, NONCE_SIZE, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(KEY.seal(NAME, PLACE))
    sealed[position] ^= 1
    with pytest.raises(InstallationFault):
        KEY.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("sealed", [b"", bytes(5), bytes(NONCE_SIZE), bytes(40)])
def test_anything_else_does_not_open(sealed: bytes) -> None:
    with pytest.raises(InstallationFault):
        KEY.open(sealed, PLACE)


def test_the_id_of_a_key_is_its_own_and_not_the_key() -> None:
    other = VaultKey(bytes(32))
    assert KEY.id == VaultKey(bytes(range(32))).id != other.id
    assert KEY.id not in bytes(range(32)).hex()


@pytest.mark.parametrize(
    ("name", "shown"), [("张三丰", "张*"), ("李", "李*"), ("", "*")]
)
def test_a_masked_name_is_its_first_character(name: str, shown: str) -> None:
    assert masked(name) == shown
