"""A broker as a notice board: retained messages out, nothing in."""

import asyncio
from collections.abc import Callable, Mapping

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from gateway.transports.mqtt import (
    AT_LEAST_ONCE,
    KEEPALIVE,
    LONGEST_PAUSE,
    MOST_WAITING,
    SHORTEST_PAUSE,
)


class NoticeBoard:
    """Keeps a picture retained at a broker; it is put up anew at every connection."""

    def __init__(
        self, host: str, port: int, client_id: str, farewell: tuple[str, str]
    ) -> None:
        """`farewell` is the topic and the text that stay when we are gone."""
        self._address = host, port
        self._client_id = client_id
        self._farewell = farewell
        self._client: Client | None = None

    async def run(self, everything: Callable[[], Mapping[str, str]]) -> None:
        """Stay connected until cancelled, then say farewell."""
        loop = asyncio.get_running_loop()
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self._client_id, clean_session=True
        )
        client.will_set(*self._farewell, qos=AT_LEAST_ONCE, retain=True)

        def connected(*_: object) -> None:
            loop.call_soon_threadsafe(lambda: self.publish(everything()))

        client.on_connect = connected
        client.max_queued_messages_set(MOST_WAITING)
        client.reconnect_delay_set(SHORTEST_PAUSE, LONGEST_PAUSE)
        client.connect_async(*self._address, keepalive=KEEPALIVE)
        client.loop_start()
        self._client = client
        try:
            await loop.create_future()
        finally:
            self.publish(dict([self._farewell]))
            self._client = None
            client.on_connect = None
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def publish(self, messages: Mapping[str, str]) -> None:
        """Put messages up; without a connection they wait for the whole picture."""
        if self._client is None or not self._client.is_connected():
            return
        for topic, text in messages.items():
            self._client.publish(topic, text, qos=AT_LEAST_ONCE, retain=True)
