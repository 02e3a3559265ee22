import asyncio
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from controller.session import Packet
from firmware_sim.broker import broker_command, find_mosquitto, free_ports
from firmware_sim.mqtt_link import Listener, MqttLink, Place
from firmware_sim.plan import dice


def test_mosquitto_is_here() -> None:
    assert find_mosquitto(), "the tests need the Debian package mosquitto"


def test_without_mosquitto_amqtt_serves(tmp_path: Path) -> None:
    command = broker_command(tmp_path, 1883, None)
    assert command[:2] == [sys.executable, "-m"]
    assert "127.0.0.1:1883" in Path(command[-1]).read_text("utf-8")


def test_free_ports_differ_and_are_free() -> None:
    first = free_ports(50)
    assert len(set(first)) == 50
    with ExitStack() as stack:
        for place, port in enumerate(first):
            kind = (socket.SOCK_STREAM, socket.SOCK_DGRAM)[place % 2]
            listener = stack.enter_context(socket.socket(type=kind))
            listener.bind(("127.0.0.1", port))
        assert not set(first) & set(free_ports(11_000))


@pytest.mark.parametrize(
    "program", [find_mosquitto(), None], ids=["mosquitto", "amqtt"]
)
def test_a_broker_carries_messages_and_last_wills(
    tmp_path: Path, program: str | None
) -> None:
    (port,) = free_ports(1)
    log = (tmp_path / "broker.log").open("ab")
    command = broker_command(tmp_path, port, program)
    with log, subprocess.Popen(command, stdout=log, stderr=log) as broker:
        try:
            asyncio.run(exchange(port))
        finally:
            broker.terminate()


async def exchange(port: int) -> None:
    heard: list[Packet] = []
    ready = [asyncio.Event(), asyncio.Event()]

    def link(place: int, listen: str) -> MqttLink:
        name = f"client-{place}"
        listener = Listener(ready[place].set, heard.append, ready[place].clear)
        where = Place("127.0.0.1", port, name, listen, f"{name}/state", b"on", b"off")
        return MqttLink(where, listener, dice(place, "link"))

    ear, mouth = link(0, "client-1/#"), link(1, "unused")
    ear.open()
    async with asyncio.timeout(30):
        await ready[0].wait()
        mouth.open()
        await ready[1].wait()
    mouth.send(Packet(b"hello", "client-1/up"))
    await arrival(heard, Packet(b"hello", "client-1/up"))
    assert heard[0] == Packet(b"on", "client-1/state")
    mouth.cut()
    assert not mouth.connected
    mouth.send(Packet(b"unheard", "client-1/up"))
    await arrival(heard, Packet(b"off", "client-1/state"))
    heard.clear()
    mouth.open()
    await arrival(heard, Packet(b"on", "client-1/state"))
    mouth.close()
    await arrival(heard, Packet(b"off", "client-1/state"))
    ear.close()
    assert Packet(b"unheard", "client-1/up") not in heard


async def arrival(heard: list[Packet], packet: Packet) -> None:
    end = time.monotonic() + 20
    while packet not in heard:
        assert time.monotonic() < end, heard
        await asyncio.sleep(0.02)
