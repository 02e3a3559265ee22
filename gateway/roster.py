"""What is known of the readers beyond the configuration, on disk before it counts.

Who a reader is and where it moved stands in the state store: a lost one is learned
again. Keys stand in the keys file, which nobody sets aside: a key is written there
before the reader can have it, and the one before it stays until the reader proved
the new one.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace

from controller.protocols import PROTOCOLS
from controller.session import LineSettings, Member
from controller.vocabulary import ControllerId
from gateway.config.installation import Installation
from gateway.config.keys import HeldKeys, put_keys
from gateway.store.state import KnownReader, State

LOG = logging.getLogger(__name__)
KEY_LENGTH = PROTOCOLS["osdp"].key_size


class Roster:
    """The readers of one gateway as they are known."""

    def __init__(self, installation: Installation, state: State) -> None:
        """Load what is known."""
        self._path, self._state = installation.keys_file, state
        following = installation.next_keys
        self._keys = {
            name: HeldKeys(key, following.get(name))
            for name, key in installation.keys.items()
        }
        self._configured = {
            ControllerId(each.id): each.address
            for line in installation.config.lines
            for each in line.controllers
        }
        self._readers = {reader.controller: reader for reader in state.readers()}
        self._writing = threading.Lock()

    def __iter__(self) -> Iterator[KnownReader]:
        return iter(tuple(self._readers.values()))

    def of(self, controller: ControllerId) -> KnownReader:
        """Return what is known of a reader."""
        return self._readers.get(controller) or KnownReader(controller)

    def complete(self, settings: LineSettings) -> LineSettings:
        """Return the settings of a line with all that is known of its readers.

        A speed is known of a line only where its reader is alone on it.
        """
        members = tuple(map(self._complete, settings.members))
        if len({member.address for member in members}) < len(members):
            members = tuple(
                replace(member, address=each.address)
                for member, each in zip(members, settings.members, strict=True)
            )
        return replace(settings, members=members, baud=self.baud(settings))

    def baud(self, settings: LineSettings) -> int:
        """Return how fast a line is, in bits per second."""
        if len(settings.members) != 1 or not settings.baud:
            return settings.baud
        (member,) = settings.members
        known = self.of(member.controller)
        return known.baud if _moved(known, member) else settings.baud

    def met(self, controller: ControllerId, identity: str) -> KnownReader:
        """Note who answers; the first one is the one we know from then on."""
        known = self.of(controller)
        return self._keep(
            replace(known, identity=known.identity or identity, seen=identity)
        )

    def accept(self, controller: ControllerId) -> KnownReader:
        """Take the reader that answers for the one we know."""
        known = self.of(controller)
        return self._keep(replace(known, identity=known.seen))

    def moved(self, controller: ControllerId, address: str, baud: int) -> None:
        """Note where a reader answers now, for as long as it is configured as it is."""
        known, configured = self.of(controller), self._configured[controller]
        self._keep(replace(known, configured=configured, address=address, baud=baud))

    def offer_key(self, controller: ControllerId) -> bytes:
        """Return a reader's next key, on disk; one that it may hold is offered again.

        Raises KeyError for a reader without a key, OSError or GatewayError when the
        keys file does not take it: then no reader may have it.
        """
        with self._writing:
            held = self._keys[controller]
            key = held.next_key or os.urandom(KEY_LENGTH)
            following = replace(held, next_key=key)
            put_keys(self._path, controller, following)
            self._keys[controller] = following
            return key

    def key_proved(self, controller: ControllerId) -> None:
        """Forget the key before the one that a reader proved."""
        with self._writing:
            held = self._keys[controller]
            if held.next_key is not None:
                put_keys(self._path, controller, HeldKeys(held.next_key))
                self._keys[controller] = HeldKeys(held.next_key)

    def _complete(self, member: Member) -> Member:
        known, keys = self.of(member.controller), self._keys.get(member.controller)
        if keys is not None:
            member = replace(member, key=keys.key, next_key=keys.next_key)
        address = known.address if _moved(known, member) else member.address
        return replace(member, identity=known.seen, address=address)

    def _keep(self, reader: KnownReader) -> KnownReader:
        """Know it from now on; what cannot be written down is learned again one day."""
        if reader != self._readers.get(reader.controller):
            self._readers[reader.controller] = reader
            try:
                self._state.keep_reader(reader)
            except sqlite3.Error as error:
                LOG.warning("reader=%s is not remembered: %s", reader.controller, error)
        return reader


def _moved(known: KnownReader, member: Member) -> bool:
    return bool(known.address) and known.configured == member.address
