"""Lines and doors as the configuration names them."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from controller.protocols import PROTOCOLS
from controller.session import Event, Session
from controller.vocabulary import ControllerId, DoorId
from gateway.clock import Clock, ControllerClock
from gateway.config.checks import bind_address, broker_address, line_settings
from gateway.config.installation import Installation
from gateway.config.settings import LineSection, Network
from gateway.doors import Door
from gateway.line import Line
from gateway.permits import NOTHING
from gateway.roster import Roster
from gateway.store.state import State
from gateway.trace import Opener, TracedSession
from gateway.transports import Transport
from gateway.transports.datagram import Datagrams
from gateway.transports.mqtt import Broker
from gateway.transports.serial_port import SerialPort
from gateway.transports.stream import Streams


def doors_of(installation: Installation, state: State) -> Iterator[Door]:
    """Return every door with what was last in force there."""
    acknowledged = state.acknowledged()
    for section in installation.config.lines:
        capabilities = PROTOCOLS[section.protocol].capabilities
        for each in section.controllers:
            yield Door(
                DoorId(each.door),
                ControllerId(each.id),
                capabilities,
                each.unlock_seconds,
                each.wiegand,
                ControllerClock(),
                acknowledged.get(DoorId(each.door), NOTHING),
                each.held_open_seconds,
            )


def lines_of(
    installation: Installation,
    roster: Roster,
    clock: Clock,
    on_events: Callable[[Sequence[Event]], None],
    trace: TextIO | None,
) -> Iterator[Line]:
    """Return every line, ready to run."""
    for section in installation.config.lines:
        yield Line(
            section.name,
            [ControllerId(each.id) for each in section.controllers],
            _session_opener(installation, section, roster, trace),
            _transport(installation, section, roster),
            clock,
            on_events,
        )


def opener(
    installation: Installation, section: LineSection, roster: Roster | None = None
) -> Opener:
    """Return what opens the session of a line, given the time and a random source.

    Each time it is opened with what the roster knows by then.
    """
    entry = PROTOCOLS[section.protocol]
    settings = line_settings(section, installation.keys)
    return lambda now, random: entry.open(
        settings if roster is None else roster.complete(settings), now, random
    )


def _session_opener(
    installation: Installation,
    section: LineSection,
    roster: Roster,
    trace: TextIO | None,
) -> Callable[[float], Session]:
    open_session = opener(installation, section, roster)
    if trace is None:
        return lambda now: open_session(now, os.urandom)
    return lambda now: TracedSession(section.name, open_session, now, trace)


def _transport(
    installation: Installation, section: LineSection, roster: Roster
) -> Transport:
    if section.network is not None:
        return _network(section, section.network)
    if section.broker is None:
        baud = roster.baud(line_settings(section, installation.keys))
        return SerialPort(installation.port(section), baud)
    host, port = broker_address(section.broker)
    client_id = f"{installation.config.id}/{section.name}"
    subscriptions = PROTOCOLS[section.protocol].subscriptions
    return Broker(host, port, client_id, subscriptions)


def _network(section: LineSection, network: Network) -> Transport:
    entry = PROTOCOLS[section.protocol]
    bind = bind_address(section.bind)
    if network is Network.TCP:
        return Streams(bind[0], entry.message_size)
    return Datagrams(bind, entry.message_size, entry.ports)
