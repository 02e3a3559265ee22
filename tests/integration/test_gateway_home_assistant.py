"""Home Assistant is told how doors are, through a real broker, and never heard."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from controller.session import (
    CommandFailed,
    Contact,
    ContactChanged,
    HoldDoor,
    Offline,
    Online,
    OpenDoor,
    PassageReported,
    ShowRefusal,
)
from controller.vocabulary import Direction, Reason
from gateway.health import Health
from gateway.home_assistant import HomeAssistant, available, topic_name
from gateway.routing import Router, Switchboard, each
from gateway.site import Site
from gateway.transports.retained import NoticeBoard
from gateway.uplink import Uplink
from tests.support.gateway_site import LOCK, READER, site
from tests.support.gateway_store import NOON
from tests.support.mosquitto import free_port, mosquitto
from tests.support.waiting import until

FRONT, BACK = "menhu/gateway-1/front", "menhu/gateway-1/back"
GRANTED = PassageReported(
    LOCK, 1, 1, NOON, True, Reason.PERMIT, None, None, Direction.ENTRY
)


@dataclass
class Home:
    """What Home Assistant holds: the last word on every topic."""

    port: int
    holds: dict[str, str] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[None]:
        client = Client(CallbackAPIVersion.VERSION2, client_id="home")

        def take(_client: Client, _data: object, message: MQTTMessage) -> None:
            self.holds[message.topic] = message.payload.decode()
            self.published.append(message.topic)

        client.on_message = take
        client.connect("127.0.0.1", self.port)
        client.subscribe("#", qos=1)
        client.loop_start()
        try:
            yield
        finally:
            client.disconnect()
            client.loop_stop()

    async def shows(self, topic: str, text: str) -> None:
        await until(lambda: self.holds.get(topic) == text)


@dataclass
class Rig:
    """The part under test behind a real broker, with the doors it tells of."""

    place: Site
    router: Router
    home: Home
    doors: HomeAssistant
    board: NoticeBoard

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.board.run(self.doors.everything))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def build(port: int, unlock: float = 0.05) -> Rig:
    place = site()
    for door in place.doors:
        door.unlock_seconds = unlock
    farewell = available(place.gateway), "offline"
    board = NoticeBoard("127.0.0.1", port, "gateway", farewell)
    doors = HomeAssistant(place, board.publish)
    router = Router(place.counters)
    router.add(each(Health(place, cast("Uplink", None), int, int).handle))
    router.add(each(doors.handle))
    return Rig(place, router, Home(port), doors, board)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    port = free_port()
    with mosquitto(tmp_path, port):
        rig = build(port)
        with rig.home.listening():
            async with rig.telling():
                await rig.home.shows("menhu/gateway-1/available", "online")
                yield rig


async def test_every_door_is_discovered_and_starts_unknown(rig: Rig) -> None:
    await rig.home.shows(f"{BACK}/tamper", "None")
    holds = rig.home.holds
    configs = {t: json.loads(v) for t, v in holds.items() if t.endswith("/config")}
    assert {topic.split("/")[1] for topic in configs} == {"lock", "binary_sensor"}
    assert len(configs) == 6
    for config in configs.values():
        assert holds[config["state_topic"]] == "None"
        assert [holds[place["topic"]] for place in config["availability"]] == [
            "online",
            "offline",
        ]
    assert len({config["unique_id"] for config in configs.values()}) == 6


async def test_a_door_is_shown_as_it_is(rig: Rig) -> None:
    rig.router.handle([Online(READER, secure=True)])
    await rig.home.shows(f"{FRONT}/available", "online")
    rig.router.handle([ContactChanged(READER, Contact.DOOR, active=True)])
    await rig.home.shows(f"{FRONT}/door", "ON")
    rig.router.handle([ContactChanged(READER, Contact.DOOR, active=False)])
    rig.router.handle([ContactChanged(READER, Contact.TAMPER, active=True)])
    await rig.home.shows(f"{FRONT}/door", "OFF")
    await rig.home.shows(f"{FRONT}/tamper", "ON")
    rig.router.handle([Offline(READER, "no reply")])
    await rig.home.shows(f"{FRONT}/available", "offline")
    await rig.home.shows(f"{FRONT}/door", "None")


async def test_a_lock_opens_closes_and_jams(rig: Rig) -> None:
    switchboard = Switchboard(())
    switchboard.watch(rig.doors.commanded)
    for command in (ShowRefusal(READER), OpenDoor(READER, 3.0)):
        with pytest.raises(KeyError):
            switchboard.send(command)
    await until(lambda: rig.home.published.count(f"{FRONT}/lock") == 3)
    assert rig.home.holds[f"{FRONT}/lock"] == "LOCKED", "unknown, open, shut again"
    failed = CommandFailed(READER, OpenDoor(READER, 3.0), "the reader is offline")
    rig.router.handle([failed])
    await rig.home.shows(f"{FRONT}/lock", "JAMMED")
    rig.router.handle([Offline(READER, "no reply")])
    await rig.home.shows(f"{FRONT}/lock", "None")


async def test_a_lock_that_is_held_is_unlocked_until_it_is_let_go_of(rig: Rig) -> None:
    rig.doors.commanded(HoldDoor(READER, 600.0))
    await rig.home.shows(f"{FRONT}/lock", "UNLOCKED")
    rig.doors.commanded(HoldDoor(READER, 0.0))
    await rig.home.shows(f"{FRONT}/lock", "LOCKED")
    rig.doors.commanded(HoldDoor(READER, 0.01))
    await until(lambda: rig.home.published.count(f"{FRONT}/lock") == 5)
    assert rig.home.holds[f"{FRONT}/lock"] == "LOCKED"
    rig.router.handle([CommandFailed(READER, HoldDoor(READER, 1.0), "declined")])
    await rig.home.shows(f"{FRONT}/lock", "JAMMED")


async def test_what_a_door_caught_up_on_opens_nothing_now(rig: Rig) -> None:
    long_ago = replace(GRANTED, controller_at=NOON - timedelta(hours=1))
    refused = replace(GRANTED, granted=False, reason=Reason.ENDED)
    rig.router.handle([long_ago, refused])
    rig.router.handle([GRANTED])
    await until(lambda: rig.home.published.count(f"{BACK}/lock") == 3)
    assert rig.home.holds[f"{BACK}/lock"] == "LOCKED"


async def test_a_gateway_that_stops_says_so_and_tells_all_again(tmp_path: Path) -> None:
    port = free_port()
    rig = build(port, unlock=60.0)
    with mosquitto(tmp_path, port), rig.home.listening():
        async with rig.telling():
            await rig.home.shows("menhu/gateway-1/available", "online")
            rig.doors.commanded(OpenDoor(READER, 3.0))
            await rig.home.shows(f"{FRONT}/lock", "UNLOCKED")
        await rig.home.shows("menhu/gateway-1/available", "offline")
        async with rig.telling():
            await rig.home.shows("menhu/gateway-1/available", "online")
            assert rig.home.holds[f"{FRONT}/lock"] == "UNLOCKED"


async def test_without_a_broker_the_doors_go_on(tmp_path: Path) -> None:
    port = free_port()
    rig = build(port)
    async with rig.telling():
        rig.router.handle([Online(READER, secure=True)])
        rig.doors.commanded(OpenDoor(READER, 3.0))
        with mosquitto(tmp_path, port), rig.home.listening():
            await rig.home.shows(f"{FRONT}/available", "online")
    assert rig.place.counters.handler_failures == 0


NAMES = st.text(min_size=1, max_size=30)


@given(NAMES, NAMES)
def test_any_names_make_topics_and_no_two_are_alike(one: str, other: str) -> None:
    topic = topic_name(one)
    assert topic
    assert not set(topic) & set("/+#\x00 ")
    assert topic.isascii()
    assert (topic == topic_name(other)) == (one == other)
