"""Every protocol we speak, in one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from controller.protocols.esp_rfid.session import open_broker as open_esp_rfid
from controller.protocols.esp_rfid.topics import FILTERS as ESP_RFID_FILTERS
from controller.protocols.osdp.commands import KEY_LENGTH
from controller.protocols.osdp.control import CAPABILITIES, open_bus
from controller.protocols.smart_door.codec import KEY_SIZE
from controller.protocols.smart_door.session import open_broker
from controller.protocols.smart_door.topics import GATEWAY_FILTERS
from controller.session import Capabilities, LineSettings, Session


class TransportKind(StrEnum):
    """What carries a line's packets."""

    SERIAL = "serial"
    BROKER = "broker"


@dataclass(frozen=True, slots=True)
class ProtocolEntry:
    """How to open a line of a protocol, and what it needs.

    `open` raises LocalProtocolError or ValueError for settings that cannot work;
    `key_size` is in bytes, 0 where a protocol has no keys;
    `subscriptions` are MQTT topic filters.
    """

    open: Callable[[LineSettings, float, Callable[[int], bytes]], Session]
    capabilities: Capabilities
    transport: TransportKind
    key_size: int
    subscriptions: tuple[str, ...] = ()


PROTOCOLS: Mapping[str, ProtocolEntry] = MappingProxyType(
    {
        "osdp": ProtocolEntry(open_bus, CAPABILITIES, TransportKind.SERIAL, KEY_LENGTH),
        "smart_door": ProtocolEntry(
            open_broker,
            Capabilities(
                decides=True, stores_permits=True, buffers_passages=True, has_clock=True
            ),
            TransportKind.BROKER,
            KEY_SIZE,
            GATEWAY_FILTERS,
        ),
        "esp_rfid": ProtocolEntry(
            open_esp_rfid,
            Capabilities(
                decides=True,
                stores_permits=True,
                buffers_passages=False,
                has_clock=True,
            ),
            TransportKind.BROKER,
            0,
            ESP_RFID_FILTERS,
        ),
    }
)
