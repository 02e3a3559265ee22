"""The composition root: every part of one gateway, wired, started and stopped."""

import asyncio
import fcntl
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TextIO

from controller.cose import Signer
from controller.protocols import PROTOCOLS
from controller.session import Event, Session
from controller.vocabulary import ControllerId, DoorId, GatewayId
from gateway.clock import Clock, ControllerClock
from gateway.config.checks import broker_address, line_settings
from gateway.config.installation import Installation
from gateway.config.settings import LineSection
from gateway.delivery import Delivery
from gateway.device import read_key
from gateway.doors import Door, Doors
from gateway.errors import GatewayError
from gateway.forwarder import Forwarder
from gateway.health import PERIOD, Health, Timekeeper
from gateway.line import Line, Switchboard
from gateway.notify import notify, watchdog_period
from gateway.permits import NOTHING, Permits
from gateway.readers import Readers
from gateway.reports import Reports
from gateway.site import Site
from gateway.status import describe, serve
from gateway.store.ballast import Ballast
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder
from gateway.store.state import State
from gateway.sync import Sync
from gateway.trace import Opener, TracedSession
from gateway.transports import Transport
from gateway.transports.mqtt import Broker
from gateway.transports.serial_port import SerialPort
from gateway.uplink import Uplink

MEGABYTE = 1024 * 1024
STALL = 30.0
"""Seconds the disk may take for nothing before the watchdog is left to bark."""
LOG = logging.getLogger(__name__)
Handle = Callable[[Sequence[Event]], None]


async def run(installation: Installation, trace: TextIO | None = None) -> None:
    """Be a gateway until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    data, config = installation.data, installation.config
    signer = Signer(read_key(data), config.id)
    clock = Clock()
    with ExitStack() as stack:
        stack.enter_context(_alone(data))
        ballast = Ballast(data / "ballast", config.ballast_megabytes * MEGABYTE)
        state = stack.enter_context(closing(State(data / "state.db")))
        outbox = stack.enter_context(
            closing(Outbox(data / "outbox", ballast, clock.wall))
        )
        site = Site(GatewayId(config.id), _doors(installation, state), clock)
        async with Uplink(
            config.registry.url, signer, installation.registry_key
        ) as uplink:
            gateway = Gateway(installation, site, state, outbox, ballast, uplink, trace)
            await gateway.run(stop)
