"""What is known of readers, and what a session is told of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.session import LineSettings, Member
from controller.vocabulary import ControllerId
from gateway.config.checks import line_settings
from gateway.config.installation import Installation, load
from gateway.roster import Roster
from gateway.store.state import KnownReader, State
from tests.support.gateway_files import CONFIG, READER_KEY, install
from tests.support.gateway_site import READER

REGISTRY = Ed25519PrivateKey.generate().public_key()
NEIGHBOUR = ControllerId("reader-2")
PAIR = CONFIG.replace(
    '  { id = "reader-1"',
    '  { id = "reader-2", door = "side", address = "4", secure = false },\n'
    '  { id = "reader-1"',
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with closing(State(tmp_path / "state.db")) as state:
        yield state


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return load(install(tmp_path, REGISTRY))


def told(roster: Roster, installation: Installation, line: int = 0) -> LineSettings:
    section = installation.config.lines[line]
    return roster.complete(line_settings(section, installation.keys))


def again(installation: Installation, state: State) -> tuple[Roster, Installation]:
    """Load everything anew, as after a kill."""
    fresh = load(installation.folder / "gateway.toml")
    return Roster(fresh, state), fresh


def test_who_is_not_known_is_as_configured(
    installation: Installation, state: State
) -> None:
    roster = Roster(installation, state)
    assert told(roster, installation) == LineSettings(
        (Member(READER, "0", READER_KEY, unlock_seconds=5.0),), 9600
    )
    assert told(roster, installation, 1).baud == 0
    assert list(roster) == []
    pushed = LineSettings((Member(NEIGHBOUR, "7/1@192.0.2.7"),), 0, "192.0.2.1:60001")
    assert roster.complete(pushed) == pushed, "nothing is left out"


def test_the_first_one_met_is_known_and_another_one_is_not(
    installation: Installation, state: State
) -> None:
    roster = Roster(installation, state)
    assert not roster.met(READER, "first").replaced
    assert roster.met(READER, "second").replaced
    roster, _ = again(installation, state)
    assert roster.of(READER) == KnownReader(READER, "first", "second")
    assert told(roster, installation).members[0].identity == "second"
    assert not roster.met(READER, "first").replaced
    roster.met(READER, "second")
    assert not roster.accept(READER).replaced
    roster, _ = again(installation, state)
    assert roster.of(READER) == KnownReader(READER, "second", "second")


def test_a_key_is_on_disk_before_it_is_given_out_and_is_given_out_again(
    installation: Installation, state: State
) -> None:
    roster = Roster(installation, state)
    key = roster.offer_key(READER)
    for known in (roster, *(again(installation, state)[0] for _ in range(2))):
        member = told(known, installation).members[0]
        assert (member.key, member.next_key) == (READER_KEY, key)
        assert known.offer_key(READER) == key


def test_a_key_that_was_proved_is_the_only_one(
    installation: Installation, state: State
) -> None:
    roster = Roster(installation, state)
    key = roster.offer_key(READER)
    for _ in range(2):
        roster.key_proved(READER)
    for known in (roster, again(installation, state)[0]):
        member = told(known, installation).members[0]
        assert (member.key, member.next_key) == (key, None)
    assert roster.offer_key(READER) not in {key, READER_KEY}


def test_a_reader_that_moved_is_found_until_the_configuration_is_changed(
    installation: Installation, state: State
) -> None:
    roster = Roster(installation, state)
    roster.moved(READER, "7", 38400)
    roster, _ = again(installation, state)
    settings = told(roster, installation)
    assert (settings.members[0].address, settings.baud) == ("7", 38400)
    path = installation.folder / "gateway.toml"
    path.write_text(CONFIG.replace('address = "0"', 'address = "9"'))
    roster, changed = again(installation, state)
    settings = told(roster, changed)
    assert (settings.members[0].address, settings.baud) == ("9", 9600)


def test_a_line_of_several_keeps_its_speed_and_its_addresses_apart(
    tmp_path: Path, state: State
) -> None:
    installation = load(install(tmp_path, REGISTRY, PAIR))
    roster = Roster(installation, state)
    roster.moved(READER, "7", 38400)
    settings = told(roster, installation)
    assert [one.address for one in settings.members] == ["4", "7"]
    assert settings.baud == 9600
    roster.moved(READER, "4", 9600)
    assert [one.address for one in told(roster, installation).members] == ["4", "0"]


def test_a_disk_that_takes_nothing_is_no_reason_to_know_nothing(
    installation: Installation, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_reader: KnownReader) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    roster = Roster(installation, state)
    roster.met(READER, "first")
    monkeypatch.setattr(state, "keep_reader", full)
    assert roster.met(READER, "second").replaced


def test_a_reader_s_row_is_replaced_whole(state: State) -> None:
    row = KnownReader(READER, "a", "b", "0", "7", 9600)
    for each in (row, replace(row, seen="a"), KnownReader(NEIGHBOUR, "x", "x")):
        state.keep_reader(each)
    assert state.readers() == [
        replace(row, seen="a"),
        KnownReader(NEIGHBOUR, "x", "x"),
    ]
