"""OSDP v2.2 over RS-485: the control side of a bus and the reader side."""

from controller.protocols.osdp.control import CAPABILITIES, open_bus
from controller.protocols.osdp.peripheral import Commanded, Peripheral, ReaderSettings
from controller.protocols.osdp.replies import Identity

__all__ = [
    "CAPABILITIES",
    "Commanded",
    "Identity",
    "Peripheral",
    "ReaderSettings",
    "open_bus",
]
