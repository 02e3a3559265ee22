"""Doors as Home Assistant entities: told, never commanded.

Home Assistant, "MQTT Discovery", "MQTT Lock" and "MQTT Binary Sensor": the entity
names, states and the word for an unknown state are theirs.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from enum import StrEnum

from controller.session import (
    Command,
    CommandFailed,
    Event,
    HoldDoor,
    Offline,
    OpenDoor,
    PassageReported,
    PassageSeen,
)
from controller.vocabulary import ControllerId, GatewayId
from gateway.doors import Door
from gateway.site import Site

Messages = dict[str, str]
"""Topics and what is retained there."""

ONLINE, OFFLINE, UNKNOWN = "online", "offline", "None"
_PREFIX = "homeassistant"
_SENSORS = {"door": "door", "tamper": "tamper"}
"""Our contacts and the device classes Home Assistant shows them as."""


class LockState(StrEnum):
    """What is known of a lock."""

    LOCKED = "LOCKED"
    UNLOCKED = "UNLOCKED"
    JAMMED = "JAMMED"


class HomeAssistant:
    """Keeps the retained picture of every door; nothing here listens."""

    def __init__(
        self, site: Site, publish: Callable[[Mapping[str, str]], object]
    ) -> None:
        """`publish` takes what changed; `everything` is for a new connection."""
        self._site = site
        self._publish = publish
        self._locks: dict[ControllerId, str] = {}
        self._told: Messages = {}
        self._timers: dict[ControllerId, asyncio.TimerHandle] = {}

    def everything(self) -> Messages:
        """Return all entities and their states."""
        self._told = {}
        for door in self._site.doors:
            self._told |= self._states(door)
        described = [_discovery(self._site.gateway, door) for door in self._site.doors]
        messages = {topic: text for each in described for topic, text in each.items()}
        return messages | self._told | {available(self._site.gateway): ONLINE}

    def handle(self, event: Event) -> None:
        """Take an event, after those who keep the doors have."""
        door = self._site.doors.of(event.controller)
        match event:
            case CommandFailed(command=OpenDoor() | HoldDoor()):
                self._note(door, LockState.JAMMED)
            case PassageReported(granted=True) if self._is_fresh(door, event):
                self._release(door)
            case PassageSeen(granted=True):
                self._release(door)
            case Offline():
                self._note(door, None)
        self._tell(door)

    def commanded(self, command: Command) -> None:
        """Take a command on its way to a door."""
        door = self._site.doors.of(command.controller)
        match command:
            case OpenDoor():
                self._release(door)
            case HoldDoor(seconds=0):
                self._note(door, LockState.LOCKED)
            case HoldDoor(seconds=seconds):
                self._note(door, LockState.UNLOCKED)
                self._relock_in(seconds, door)
            case _:
                return
        self._tell(door)

    def _is_fresh(self, door: Door, report: PassageReported) -> bool:
        """Say whether the lock may still be open; what is caught up on is history."""
        now = self._site.clock.now()
        at, _ = door.clock.correct(report.controller_at, now)
        return (now - at).total_seconds() < door.unlock_seconds

    def _release(self, door: Door) -> None:
        self._note(door, LockState.UNLOCKED)
        self._relock_in(door.unlock_seconds, door)

    def _relock_in(self, seconds: float, door: Door) -> None:
        self._timers[door.controller] = asyncio.get_running_loop().call_later(
            seconds, self._relock, door
        )

    def _relock(self, door: Door) -> None:
        self._note(door, LockState.LOCKED)
        self._tell(door)

    def _note(self, door: Door, state: LockState | None) -> None:
        self._locks[door.controller] = state or UNKNOWN
        timer = self._timers.pop(door.controller, None)
        if timer:
            timer.cancel()

    def _tell(self, door: Door) -> None:
        now = self._states(door)
        news = {
            topic: said for topic, said in now.items() if self._told.get(topic) != said
        }
        if news:
            self._told |= news
            self._publish(news)

    def _states(self, door: Door) -> Messages:
        base = _base(self._site.gateway, door)
        tampered = door.tampered if door.online else None
        return {
            f"{base}/available": ONLINE if door.online else OFFLINE,
            f"{base}/lock": self._locks.get(door.controller, UNKNOWN),
            f"{base}/door": _switch(door.open),
            f"{base}/tamper": _switch(tampered),
        }


def available(gateway: GatewayId) -> str:
    """Return the topic that says whether the gateway itself is there."""
    return f"menhu/{topic_name(gateway)}/available"


def topic_name(name: str) -> str:
    """Write any name with letters, digits, "-" and "_" only; no two alike."""
    return "".join(
        letter
        if letter == "-" or (letter.isascii() and letter.isalnum())
        else f"_{ord(letter):x}_"
        for letter in name
    )


def _base(gateway: GatewayId, door: Door) -> str:
    return f"menhu/{topic_name(gateway)}/{topic_name(door.id)}"


def _switch(state: bool | None) -> str:  # noqa: FBT001 - a state, not a flag
    return UNKNOWN if state is None else "ON" if state else "OFF"


def _discovery(gateway: GatewayId, door: Door) -> Messages:
    base, node = _base(gateway, door), topic_name(gateway)
    place = topic_name(door.id)
    unique = f"menhu_{node}_{place}"
    shared = {
        "availability": [
            {"topic": available(gateway)},
            {"topic": f"{base}/available"},
        ],
        "availability_mode": "all",
        "device": {"identifiers": [unique], "name": door.id, "via_device": gateway},
        "origin": {"name": "Menhu"},
    }
    lock = {
        "name": None,
        "unique_id": f"{unique}_lock",
        "state_topic": f"{base}/lock",
        # A lock must name one; nobody listens there.
        "command_topic": f"{base}/ignored",
        "optimistic": False,
    }
    entities = {f"{_PREFIX}/lock/{node}/{place}/config": lock}
    for contact, kind in _SENSORS.items():
        entities[f"{_PREFIX}/binary_sensor/{node}/{place}-{contact}/config"] = {
            "unique_id": f"{unique}_{contact}",
            "device_class": kind,
            "state_topic": f"{base}/{contact}",
        }
    return {topic: json.dumps(shared | each) for topic, each in entities.items()}
