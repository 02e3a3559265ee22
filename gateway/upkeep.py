"""Readers that change: another one in the place of ours, a move, a new key."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from controller.session import Command, CommandFailed, Event
from controller.upkeep import (
    IdentityChanged,
    KeyRotated,
    LineChanged,
    ReaderIdentified,
    RotateKey,
)
from controller.vocabulary import AlarmKind, ControllerId
from gateway.doors import Door
from gateway.errors import GatewayError
from gateway.roster import Roster
from gateway.site import Site

PATIENCE = 20.0
"""Seconds after which nobody waits any longer for a reader to prove its new key."""
LOG = logging.getLogger(__name__)


class Notice(Protocol):
    """Raises an alarm of a door, or clears it."""

    def __call__(
        self, controller: ControllerId, kind: AlarmKind, *, raised: bool
    ) -> None:
        """Take what was found out of a door."""


class UpkeepRefused(GatewayError):
    """An operator's wish was not carried out; the message says why."""


class Upkeep:
    """Follows what readers say of themselves, and does what operators ask of them."""

    def __init__(
        self,
        site: Site,
        roster: Roster,
        notice: Notice,
        send: Callable[[Command], None],
    ) -> None:
        """Go on with what is known: who was replaced before is replaced still."""
        self._doors = {door.controller: door for door in site.doors}
        self._roster = roster
        self._notice = notice
        self._send = send
        self._proofs: dict[ControllerId, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        for known in roster:
            if known.controller in self._doors:
                self._judge(known.controller)

    def handle(self, event: Event) -> None:
        """Take what a reader says of itself."""
        match event:
            case ReaderIdentified(controller=controller, identity=identity):
                LOG.info("reader=%s is %s %s", controller, identity, event.firmware)
                self._met(controller, identity)
            case IdentityChanged(controller=controller, was=was, now=now):
                LOG.warning("reader=%s was %s and is %s", controller, was, now)
                self._met(controller, now)
            case LineChanged():
                self._moved(event)
            case KeyRotated(controller=controller):
                task = asyncio.get_running_loop().create_task(self._proved(controller))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case CommandFailed(command=RotateKey(), cause=cause):
                proof = self._proofs.get(event.controller)
                if proof is not None and not proof.done():
                    proof.set_exception(UpkeepRefused(cause))

    async def rotate(self, controller: ControllerId) -> str:
        """Give a reader its next key; returns once the reader proved it.

        Raises UpkeepRefused. The reader may then hold either key, and both are kept.
        """
        door = self._reader(controller)
        if not door.secure:
            raise UpkeepRefused(f"{controller} is in no secure channel just now")
        if controller in self._proofs:
            raise UpkeepRefused(f"{controller} is being given a key already")
        self._proofs[controller] = asyncio.get_running_loop().create_future()
        try:
            key = await asyncio.to_thread(self._roster.offer_key, controller)
            self._send(RotateKey(controller, key))
            async with asyncio.timeout(PATIENCE):
                await self._proofs[controller]
        except TimeoutError as error:
            raise UpkeepRefused(f"{controller} has not proved its key yet") from error
        except OSError as error:
            raise UpkeepRefused(f"the key cannot be written down: {error}") from error
        finally:
            del self._proofs[controller]
        return f"{controller} has a new key"

    async def accept(self, controller: ControllerId) -> str:
        """Take the reader that answers now for the one that belongs here."""
        self._reader(controller)
        if not self._roster.of(controller).seen:
            raise UpkeepRefused(f"{controller} was never met")
        known = self._roster.accept(controller)
        self._judge(controller)
        return f"{controller} is {known.identity}"

    def _reader(self, controller: ControllerId) -> Door:
        door = self._doors.get(controller)
        if door is None or door.capabilities.decides:
            raise UpkeepRefused(f"{controller} is no reader of this gateway")
        return door

    def _met(self, controller: ControllerId, identity: str) -> None:
        self._roster.met(controller, identity)
        self._judge(controller)

    def _judge(self, controller: ControllerId) -> None:
        replaced = self._roster.of(controller).replaced
        self._notice(controller, AlarmKind.REPLACED, raised=replaced)

    def _moved(self, event: LineChanged) -> None:
        LOG.warning(
            "reader=%s moved to address=%s baud=%d: the configuration should say so",
            event.controller,
            event.address,
            event.baud,
        )
        self._roster.moved(event.controller, event.address, event.baud)

    async def _proved(self, controller: ControllerId) -> None:
        try:
            await asyncio.to_thread(self._roster.key_proved, controller)
        except (OSError, GatewayError) as error:
            LOG.warning("reader=%s keeps both its keys: %s", controller, error)
        proof = self._proofs.get(controller)
        if proof is not None and not proof.done():
            proof.set_result(None)
