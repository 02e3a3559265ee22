"""The simulator's composition root."""

import asyncio
import signal
import socket
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from aiohttp import web

from firmware_sim.control import Control, control_app
from firmware_sim.fitting_out import fit_out
from firmware_sim.habits import HOUR, Movement, movements
from firmware_sim.installation import read_hardware, read_keys, reading
from firmware_sim.journal import Journal
from firmware_sim.neighbours import read_neighbours
from firmware_sim.reader import Busy
from firmware_sim.simulator import Simulator
from firmware_sim.traffic import StreetClock, Traffic

WAKING_HOUR = 7.0
"""When the street's first day begins: people are about to leave for work."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How to run an installation; `speed` is street seconds per real second."""

    folder: Path
    host: str
    port: int
    speed: float
    taps: float
    today: date
    broker: str | None = None
    running: bool = True


async def run_street(settings: RunSettings) -> None:
    """Run until told to stop by a signal.

    Raises OSError when the port is taken, FilesDamaged for what is not as planned.
    """
    with reading(settings.folder):
        hardware = read_hardware(settings.folder)
        keys = read_keys(settings.folder)
        people = read_neighbours(settings.folder, settings.today)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Before anything is made: a second simulator must not take the first's lines.
    listener = socket.create_server((settings.host, settings.port), family=family)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    journal = Journal(settings.folder / "taps.jsonl")
    if settings.broker:
        site = replace(hardware.site, broker=settings.broker)
        hardware = replace(hardware, site=site)
    street = await fit_out(settings.folder, hardware, keys, journal.settle)
    simulator = Simulator(street, journal)

    def act(move: Movement) -> None:
        try:
            simulator.tap(move.door, move.card)
        except Busy:
            # People who find a crowd at the door come back some other time.
            return

    traffic = Traffic(
        StreetClock(loop.time(), WAKING_HOUR * HOUR, settings.speed),
        lambda day: movements(people, hardware.seed, day, settings.taps),
        act,
    )
    traffic.running = settings.running
    runner = web.AppRunner(control_app(Control(simulator, traffic, loop.time)))
    await runner.setup()
    await web.SockSite(runner, listener).start()
    playing = asyncio.create_task(traffic.play())
    await stop.wait()
    playing.cancel()
    await runner.cleanup()
    await street.close()
    journal.close()
