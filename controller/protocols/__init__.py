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
from controller.protocols.uhppote.message import SIZE
from controller.protocols.uhppote.places import PORT
from controller.protocols.uhppote.session import open_network
from controller.session import Capabilities, Contact, LineSettings, Session


class TransportKind(StrEnum):
    """What carries a line's packets."""

    SERIAL = "serial"
    BROKER = "broker"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class ProtocolEntry:
    """How to open a line of a protocol, and what it needs.

    `open` raises LocalProtocolError or ValueError for settings that cannot work;
    `key_size` is in bytes, 0 where the wire knows no keys and nothing on it is ever
    secure. `subscriptions` are MQTT topic filters. On a network every message has
    `message_size` bytes, and `ports` are the devices' own, not to be bound by us.
    `inputs` may be wired to a controller in an order that is ours to say.
    """

    open: Callable[[LineSettings, float, Callable[[int], bytes]], Session]
    capabilities: Capabilities
    transport: TransportKind
    key_size: int
    subscriptions: tuple[str, ...] = ()
    message_size: int = 0
    ports: frozenset[int] = frozenset()
    inputs: frozenset[Contact] = frozenset()


PROTOCOLS: Mapping[str, ProtocolEntry] = MappingProxyType(
    {
        "osdp": ProtocolEntry(
            open_bus,
            CAPABILITIES,
            TransportKind.SERIAL,
            KEY_LENGTH,
            inputs=frozenset({Contact.DOOR, Contact.EXIT_BUTTON, Contact.FIRE}),
        ),
        "smart_door": ProtocolEntry(
            open_broker,
            Capabilities(
                decides=True, stores_permits=True, buffers_passages=True, has_clock=True
            ),
            TransportKind.BROKER,
            KEY_SIZE,
            GATEWAY_FILTERS,
        ),
        "uhppote": ProtocolEntry(
            open_network,
            Capabilities(
                decides=True, stores_permits=True, buffers_passages=True, has_clock=True
            ),
            TransportKind.NETWORK,
            key_size=0,
            message_size=SIZE,
            ports=frozenset({PORT}),
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
