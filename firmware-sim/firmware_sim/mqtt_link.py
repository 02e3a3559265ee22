"""One paho client in an asyncio loop, so that one thread serves a whole street.

Everything goes at QoS 0: smart doors acknowledge and repeat by themselves.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from controller.session import Packet
from firmware_sim.faults import NO_FAULTS, disturb

Wire = Any  # a socket, by paho's own account of it one of several kinds
_KEEPALIVE = 30
_HOUSEKEEPING = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """A broker, who connects to it, what it listens to, and its retained state."""

    host: str
    port: int
    client: str
    listen: str
    state: str
    online: bytes
    offline: bytes


@dataclass(frozen=True, slots=True)
class Listener:
    """What is called when the broker answers, speaks, or is gone."""

    connected: Callable[[], None]
    received: Callable[[Packet], None]
    disconnected: Callable[[], None]


class MqttLink:
    """Keeps one client connected; what is sent while it is not is dropped."""

    def __init__(self, place: Place, listener: Listener, dice: Random) -> None:
        self._loop = asyncio.get_running_loop()
        self._place = place
        self._listener = listener
        self._dice = dice
        self._pause = _FIRST_PAUSE
        self._client: Client | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wanted = False
        self.connected = False
        self.faults = NO_FAULTS

    def open(self, delay: float = 0.0) -> None:
        """Connect after some seconds, and again whenever the connection is lost."""
        self._wanted = True
        self._schedule(delay, self._connect)

    def send(self, packet: Packet) -> None:
        """Publish a packet, as far as the faults let it through."""
        self._carry(packet, self._publish)

    def close(self) -> None:
        """Say goodbye and stay away."""
        if self._client and self.connected:
            self._client.publish(self._place.state, self._place.offline, retain=True)
            self._client.disconnect()
            self._client.loop_write()
        self.cut()

    def cut(self) -> None:
        """Vanish without a goodbye and stay away: the broker speaks the last will."""
        self._wanted = False
        if self._timer:
            self._timer.cancel()
        client = self._client
        wire = client.socket() if client else None
        if client and isinstance(wire, socket.socket):
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            while client.socket():
                client.loop_read()

    def _connect(self) -> None:
        place = self._place
        client = self._new_client()
        try:
            client.connect(place.host, place.port, _KEEPALIVE)
        except OSError:
            self._retry()
            return
        self._client = client
        self._schedule(_HOUSEKEEPING, self._keep_house)

    def _new_client(self) -> Client:
        place = self._place
        client = Client(CallbackAPIVersion.VERSION2, place.client, clean_session=True)
        client.will_set(place.state, place.offline, retain=True)
        client.on_socket_open = self._opened
        client.on_socket_close = self._closed
        client.on_socket_register_write = self._write_wanted
        client.on_socket_unregister_write = self._write_done
        client.on_connect = self._accepted
        client.on_subscribe = self._ready
        client.on_message = self._receive
        client.on_disconnect = self._lost
        return client

    # What paho calls; the loop watches its socket for it.

    def _opened(self, client: Client, _data: object, wire: Wire) -> None:
        self._loop.add_reader(wire, client.loop_read)

    def _closed(self, _client: Client, _data: object, wire: Wire) -> None:
        self._loop.remove_reader(wire)
        self._loop.remove_writer(wire)

    def _write_wanted(self, client: Client, _data: object, wire: Wire) -> None:
        self._loop.add_writer(wire, client.loop_write)

    def _write_done(self, _client: Client, _data: object, wire: Wire) -> None:
        self._loop.remove_writer(wire)

    def _accepted(self, client: Client, *_: object) -> None:
        client.subscribe(self._place.listen)

    def _ready(self, client: Client, *_: object) -> None:
        self.connected = True
        self._pause = _FIRST_PAUSE
        client.publish(self._place.state, self._place.online, retain=True)
        self._listener.connected()

    def _receive(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        packet = Packet(bytes(message.payload), message.topic)
        self._carry(packet, self._listener.received)

    def _publish(self, packet: Packet) -> None:
        if self._client and self.connected:
            self._client.publish(packet.peer, packet.data)

    def _carry(self, packet: Packet, deliver: Callable[[Packet], None]) -> None:
        for pause, piece in disturb(packet.data, self.faults, self._dice):
            whole_or_part = Packet(piece, packet.peer)
            if pause:
                self._loop.call_later(pause, deliver, whole_or_part)
            else:
                deliver(whole_or_part)

    def _lost(self, *_: object) -> None:
        self._client = None
        if self.connected:
            self.connected = False
            self._listener.disconnected()
        if self._wanted:
            self._retry()

    def _retry(self) -> None:
        # A street of doors must not knock at a broker that starts in one instant.
        self._schedule(self._pause * self._dice.uniform(0.5, 1.5), self._connect)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _keep_house(self) -> None:
        if self._client:
            self._client.loop_misc()
        if self._client:
            self._schedule(_HOUSEKEEPING, self._keep_house)

    def _schedule(self, delay: float, act: Callable[[], None]) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay, act)
