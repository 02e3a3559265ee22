"""Card to relay with real processes: gateway, disk, pty and a paced bus of readers.

Run: python -m tests.benchmarks.paced_bus [taps]
"""

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.schedule import Validity
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId, Revision
from firmware_sim.broker import free_ports
from firmware_sim.crew import Crew, wait_for
from firmware_sim.hardware import Bus, Fitting, Hardware, Site
from firmware_sim.installation import GATEWAY_DATA, REGISTRY_KEY, write_installation
from firmware_sim.journal import quantile, read_journal
from firmware_sim.observer import Api, NoAnswer
from firmware_sim.plan import Size, plan_street
from gateway.store.state import State
from tests.support.osdp_timing import BusPlan

CARD = 1_234_567_890
PLANS = (
    BusPlan(4, 9600, secure=False),
    BusPlan(2, 9600),
    BusPlan(4, 9600),
    BusPlan(4, 19200),
    BusPlan(8, 115200),
)
HEAD = "readers   baud channel    p50    p95    p99  least p99  ratio"
SETTLING = 4.0
"""Seconds in which a gateway asks every reader who it is."""
NOBODY = "http://127.0.0.1:9"
"""No registry answers there: a gateway decides without one."""


def install(folder: Path, plan: BusPlan) -> list[str]:
    """Write an installation of one bus whose doors one card opens; return the doors."""
    street = plan_street(
        7, Size(1, plan.readers, plan.readers), datetime.now(UTC).date()
    )
    fittings = tuple(Fitting(d.controller, d.id, n) for n, d in enumerate(street.doors))
    bus = Bus("bus-01", plan.baud, fittings, plan.secure)
    hardware = Hardware(7, Site("127.0.0.1:9", 9, 9), (bus,))
    write_installation(folder, street, hardware, NOBODY)
    return [door.id for door in street.doors]


def permit(folder: Path, doors: list[str]) -> None:
    """Give the gateway a permit for each door, as if the registry had sent it."""
    now = datetime.now(UTC)
    validity = Validity(now - timedelta(days=1), now + timedelta(days=1))
    state = State(folder / GATEWAY_DATA / "state.db")
    state.replace(
        Revision(1),
        [
            Permit(PermitId(n), CardNumber(CARD), DoorId(door), validity)
            for n, door in enumerate(doors, 1)
        ],
    )
    state.close()


def tap_at_random(simulator: Api, doors: list[str], taps: int) -> None:
    """Hold the card to one door after the other, at moments no poll can expect."""
    dice = random.Random(1)  # noqa: S311 # repeatable on purpose
    for _ in range(taps):
        time.sleep(dice.uniform(0.5, 0.9))
        simulator.post("/taps", {"door": dice.choice(doors), "card": CARD})


def measure(plan: BusPlan, taps: int) -> list[float]:
    """Return card to relay, sorted, in seconds."""
    commands = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as name, Crew(Path(name), os.environ) as crew:
        folder, port = Path(name), free_ports(1)[0]
        doors = install(folder, plan)
        config = f"--config={folder / 'gateway.toml'}"
        crew.start("init", [str(commands / "menhu-gateway"), "init", config])
        crew.finish("init")
        key = (folder / GATEWAY_DATA / "device.pub").read_bytes()
        (folder / REGISTRY_KEY).write_bytes(key)
        permit(folder, doors)
        simulator = Api(port)
        run = [str(commands / "menhu-sim"), "run", name, "--no-traffic"]
        crew.start("simulator", [*run, f"--control=127.0.0.1:{port}"])
        crew.start("gateway", [str(commands / "menhu-gateway"), "run", config])

        def ready() -> bool:
            try:
                return bool(simulator.get("/status")["doors_connected"] == len(doors))
            except NoAnswer:
                return False

        wait_for(crew, ready, 30.0, "readers online")
        time.sleep(SETTLING)
        tap_at_random(simulator, doors, taps)
        time.sleep(1.0)
        return latencies(folder)


def latencies(folder: Path) -> list[float]:
    """Return how long each tap that was let in took."""
    moments = [
        [datetime.fromisoformat(row[at]) for at in ("at", "outcome_at")]
        for row in read_journal(folder / "taps.jsonl")
        if row["outcome"] == "granted"
    ]
    return sorted((end - start).total_seconds() for start, end in moments)


def main(taps: int = 60) -> None:
    """Measure every plan and print the table."""
    print(HEAD)  # noqa: T201 # the table is the point
    for plan in PLANS:
        times = measure(plan, taps)
        p50, p95, p99 = (1000 * (quantile(times, at) or 0) for at in (0.5, 0.95, 0.99))
        least = 1000 * plan.least(0.99)
        channel = "secure" if plan.secure else "clear"
        print(  # noqa: T201 # the same
            f"{plan.readers:7} {plan.baud:6} {channel:7} {p50:6.1f} {p95:6.1f}"
            f" {p99:6.1f} {least:10.1f} {p99 / least:6.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
