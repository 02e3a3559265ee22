"""Serial ports over ptys and a real broker: they come, go, and come back."""

import asyncio
import os
import pty
import time
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from controller.session import RENEWED, Packet
from gateway.transports import Transport, mqtt, serial_port
from gateway.transports.mqtt import Broker
from gateway.transports.serial_port import MOST_UNSENT, SerialPort
from tests.support.memory_transport import MemoryTransport
from tests.support.mosquitto import free_port, mosquitto
from tests.support.waiting import until


@asynccontextmanager
async def running(transport: Transport) -> AsyncIterator[list[Packet]]:
    arrived: list[Packet] = []
    task = asyncio.create_task(transport.run(arrived.append))
    await asyncio.sleep(0)
    yield arrived
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Device:
    """The far end of a pty, reachable by a name that outlives it."""

    def __init__(self, path: Path) -> None:
        self.far, near = pty.openpty()
        tty.setraw(near)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(near))
        os.close(near)
        os.set_blocking(self.far, False)

    def read(self) -> bytes:
        try:
            return os.read(self.far, 4096)
        except (BlockingIOError, OSError):
            return b""

    async def hears(self, expected: bytes) -> bool:
        heard = bytearray()

        def enough() -> bool:
            heard.extend(self.read())
            return len(heard) >= len(expected)

        await until(enough)
        return heard == expected

    def close(self) -> None:
        os.close(self.far)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_port, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(serial_port, "SHORTEST_PAUSE", 0.02)


async def test_a_serial_port_carries_both_ways(tmp_path: Path) -> None:
    device, port = Device(tmp_path / "bus"), SerialPort(tmp_path / "bus", 9600)
    async with running(port) as arrived:
        await until(lambda: port._handle)
        port.send(Packet(b"\x00\xff\x11\x13poll"))
        assert await device.hears(b"\x00\xff\x11\x13poll")
        os.write(device.far, b"\x03\x0areply")
        await until(lambda: arrived)
    assert b"".join(packet.data for packet in arrived) == b"\x03\x0areply"
    device.close()


async def test_a_device_that_goes_is_opened_again_when_it_returns(
    tmp_path: Path,
) -> None:
    port = SerialPort(tmp_path / "bus", 9600)
    async with running(port) as arrived:
        await asyncio.sleep(0.03)
        port.send(Packet(b"nobody there"))
        for greeting in (b"first", b"second"):
            device = Device(tmp_path / "bus")
            await until(lambda: port._handle)
            os.write(device.far, greeting)
            await until(lambda: arrived)
            assert arrived.pop().data == greeting
            device.close()
            await until(lambda: port._handle is None)


async def test_what_a_slow_device_does_not_take_yet_waits_and_is_bounded(
    tmp_path: Path,
) -> None:
    device, port = Device(tmp_path / "bus"), SerialPort(tmp_path / "bus", 9600)
    async with running(port):
        await until(lambda: port._handle)
        sent = 0
        while len(port._unsent) <= MOST_UNSENT:
            port.send(Packet(bytes([sent % 256]) * 1000))
            sent += 1
        port.send(Packet(b"one too many"))
        expected = b"".join(bytes([n % 256]) * 1000 for n in range(sent))
        assert await device.hears(expected)
        port.send(Packet(b"again"))
        assert await device.hears(b"again")
    device.close()


async def test_a_port_is_ours_alone(tmp_path: Path) -> None:
    device = Device(tmp_path / "bus")
    first, second = (SerialPort(tmp_path / "bus", 9600) for _ in range(2))
    async with running(first), running(second):
        await until(lambda: first._handle)
        await asyncio.sleep(0.05)
        assert second._handle is None
    device.close()


async def test_memory_carries_what_a_test_says() -> None:
    sent: list[Packet] = []
    transport = MemoryTransport(sent.append)
    transport.deliver(Packet(b"too early"))
    async with running(transport) as arrived:
        transport.deliver(Packet(b"in"))
        transport.send(Packet(b"out"))
    transport.deliver(Packet(b"too late"))
    assert (arrived, sent) == ([Packet(b"in")], [Packet(b"out")])


class Neighbour:
    """Another client of the broker."""

    def __init__(self, port: int) -> None:
        self.heard: list[MQTTMessage] = []
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _client, _data, message: self.heard.append(
            message
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("door/#", qos=1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def heard_all(arrived: list[Packet], neighbour: Neighbour) -> bool:
    return len(arrived) == 2 and len(neighbour.heard) >= 3


async def test_a_broker_carries_both_ways_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "LONGEST_PAUSE", 1)
    port = free_port()
    broker = Broker("127.0.0.1", port, "gateway", ["door/+/up"])
    async with running(broker) as arrived:
        broker.send(Packet(b"open!", "door/1/down"))
        assert broker.dropped == 1, "nothing waits for a broker to come"
        for _ in range(2):
            with mosquitto(tmp_path, port):
                await until(broker.connected)
                await asyncio.sleep(0.1)
                neighbour = Neighbour(port)
                await until(neighbour.client.is_connected)
                await asyncio.sleep(0.1)
                neighbour.client.publish("door/1/up", b"\x00hello", qos=1)
                neighbour.client.publish("door/1/other", b"not for us", qos=1)
                broker.send(Packet(b"now", "door/1/down"))
                await until(partial(heard_all, arrived, neighbour))
                late = Neighbour(port)
                await until(late.client.is_connected)
                await asyncio.sleep(0.1)
                assert late.heard == [], "nothing is retained"
                late.close()
                neighbour.close()
            assert arrived == [RENEWED, Packet(b"\x00hello", "door/1/up")]
            arrived.clear()
            topics = sorted(message.topic for message in neighbour.heard)
            assert topics == ["door/1/down", "door/1/other", "door/1/up"]
            await until(lambda: not broker.connected())


async def test_what_a_device_left_behind_never_reaches_the_next(
    tmp_path: Path,
) -> None:
    port = SerialPort(tmp_path / "bus", 9600)
    first = Device(tmp_path / "bus")
    async with running(port):
        await until(lambda: port._handle)
        while not port._unsent:
            port.send(Packet(b"old" * 300))
        first.close()
        await until(lambda: port._handle is None)
        port.send(Packet(b"nobody there"))
        second = Device(tmp_path / "bus")
        await until(lambda: port._handle)
        port.send(Packet(b"new"))
        assert await second.hears(b"new")
        assert second.read() == b""
        second.close()


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097])
async def test_any_amount_arrives_whole_and_in_order(tmp_path: Path, size: int) -> None:
    device, port = Device(tmp_path / "bus"), SerialPort(tmp_path / "bus", 9600)
    expected = bytes(range(256)) * (size // 256 + 1)
    async with running(port) as arrived:
        await until(lambda: port._handle)
        for start in range(0, size, 1000):
            os.write(device.far, expected[start : min(start + 1000, size)])
        await until(lambda: sum(len(packet.data) for packet in arrived) >= size)
    assert b"".join(packet.data for packet in arrived) == expected[:size]
    device.close()


async def test_a_flood_from_the_broker_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "MOST_WAITING", 5)
    port = free_port()
    broker = Broker("127.0.0.1", port, "gateway", ["door/+/up"])
    with mosquitto(tmp_path, port):
        async with running(broker) as arrived:
            await until(lambda: arrived == [RENEWED])
            arrived.clear()
            neighbour = Neighbour(port)
            await until(neighbour.client.is_connected)
            for number in range(40):
                neighbour.client.publish("door/1/up", bytes((number,)), qos=1)
            _hold_the_loop_until(lambda: broker.dropped == 35)
            assert arrived == []
            await until(lambda: len(arrived) == 5)
            neighbour.client.publish("door/1/up", b"later", qos=1)
            await until(lambda: len(arrived) == 7)
            neighbour.close()
    assert [packet.data for packet in arrived[:5]] == [bytes((n,)) for n in range(5)]
    assert arrived[5:] == [RENEWED, Packet(b"later", "door/1/up")]


def _hold_the_loop_until(condition: Callable[[], bool]) -> None:
    """Keep the event loop busy, as a slow disk might, while others work."""
    due = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < due
        time.sleep(0.01)
