"""A broker as a transport for the packets of a line."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from controller.session import RENEWED, Packet
from gateway.transports import Receive

MOST_WAITING = 10_000
"""Packets in either direction; sessions repeat what is dropped beyond."""
KEEPALIVE = 20
SHORTEST_PAUSE, LONGEST_PAUSE = 1, 30
AT_LEAST_ONCE = 1
LOG = logging.getLogger(__name__)


class Broker:
    """A connection to an MQTT 3.1.1 broker, renewed whenever it breaks.

    A packet's peer is its topic; RENEWED stands for every connection once it is
    subscribed, and for packets dropped because too many waited. Nothing is
    ever published retained, and what cannot be sent now is dropped: a stale command
    must not reach a door later.
    """

    def __init__(
        self, host: str, port: int, client_id: str, subscriptions: Sequence[str]
    ) -> None:
        """Name the broker; it is connected by `run`."""
        self._address = host, port
        self._client_id = client_id
        self._subscriptions = [(topic, AT_LEAST_ONCE) for topic in subscriptions]
        self._client: Client | None = None
        self._arrived: deque[Packet] = deque()
        self._overrun = False
        self.dropped = 0

    async def run(self, receive: Receive) -> None:
        """Carry packets until cancelled."""
        loop = asyncio.get_running_loop()
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self._client_id, clean_session=True
        )

        def hand_over(packet: Packet) -> None:
            if len(self._arrived) >= MOST_WAITING:
                self.dropped += 1
                self._overrun = True
                return
            news = [RENEWED, packet] if self._overrun else [packet]
            self._overrun = False
            for each in news:
                self._arrived.append(each)
                loop.call_soon_threadsafe(self._deliver, receive)

        def arrived(_client: Client, _data: object, message: MQTTMessage) -> None:
            hand_over(Packet(bytes(message.payload), message.topic))

        client.on_connect = self._subscribe
        client.on_subscribe = lambda *_: hand_over(RENEWED)
        client.on_disconnect = _log_disconnect
        client.on_message = arrived
        client.max_queued_messages_set(MOST_WAITING)
        client.reconnect_delay_set(SHORTEST_PAUSE, LONGEST_PAUSE)
        client.connect_async(*self._address, keepalive=KEEPALIVE)
        client.loop_start()
        self._client = client
        try:
            await loop.create_future()
        finally:
            self._client = None
            client.on_message = None
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def connected(self) -> bool:
        """Say whether the broker listens."""
        return self._client is not None and self._client.is_connected()

    def send(self, packet: Packet) -> None:
        """Publish a packet, or drop it while there is no connection."""
        if self._client is None or not self._client.is_connected():
            self.dropped += 1
            return
        self._client.publish(packet.peer, packet.data, qos=AT_LEAST_ONCE, retain=False)

    def _deliver(self, receive: Receive) -> None:
        receive(self._arrived.popleft())

    def _subscribe(
        self,
        client: Client,
        _data: object,
        _flags: object,
        code: ReasonCode,
        *_: Any,  # noqa: ANN401 - paho's callback
    ) -> None:
        if code.is_failure:
            LOG.warning("the broker refuses us: %s", code)
            return
        LOG.info("connected to the broker at %s:%d", *self._address)
        client.subscribe(self._subscriptions)


def _log_disconnect(
    _client: Client,
    _data: object,
    _flags: object,
    code: ReasonCode,
    *_: Any,  # noqa: ANN401 - paho's callback
) -> None:
    LOG.warning("the broker is gone: %s", code)
