"""A small street as real processes, any of which can be killed and brought back."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from firmware_sim.broker import find_mosquitto
from firmware_sim.crew import Crew, CrewFailed
from firmware_sim.figures import account_for
from firmware_sim.installation import GATEWAY_DATA
from firmware_sim.journal import read_journal
from firmware_sim.neighbours import Neighbour, read_neighbours
from firmware_sim.observer import Api, NoAnswer, passages
from firmware_sim.plan import Size
from firmware_sim.reconcile import Account
from firmware_sim.stage import Options, Stage, set_up
from firmware_sim.street import ZONE
from gateway.status import ask

Row = Mapping[str, Any]
MIXED = Size(residents=300, doors=20, readers=7, board_doors=5, esp_doors=3)
SMALL = Options(MIXED, seed=7, speed=60)
PATIENCE = 30.0
_LOOK_AGAIN = 0.05


class Troupe(Crew):
    """A crew whose members can be struck down."""

    def kill(self, name: str) -> Sequence[str]:
        """End somebody without warning; returns the command that brings them back."""
        process = self._running[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._forget(name)
        assert isinstance(process.args, list)
        return process.args


@dataclass(frozen=True, slots=True)
class LiveStreet:
    """Processes that run, what they serve, and the plan they run from."""

    crew: Troupe
    folder: Path
    stage: Stage
    fallen: dict[str, Sequence[str]]

    @property
    def registry(self) -> Api:
        return self.stage.registry

    @property
    def simulator(self) -> Api:
        return self.stage.simulator

    def kill(self, name: str) -> None:
        """Strike a process down."""
        self.fallen[name] = self.crew.kill(name)

    def start(self, name: str) -> None:
        """Bring back a process that was struck down."""
        self.crew.start(name, self.fallen.pop(name))

    def gateway(self) -> dict[str, Any]:
        """Return what the gateway says of itself; raises NoAnswer."""
        try:
            return ask(self.folder / GATEWAY_DATA)
        except (OSError, ValueError) as error:
            raise NoAnswer(f"gateway: {error}") from error

    def outbox(self) -> int:
        """Return how many passages have no receipt; raises NoAnswer."""
        depth: int = self.gateway()["outbox"]["depth"]
        return depth

    def passages(self) -> list[dict[str, Any]]:
        """Return everything the registry has."""
        return list(passages(self.registry))

    def doors(self) -> dict[str, dict[str, Any]]:
        """Return every door as the registry knows it."""
        return {door["id"]: door for door in self.registry.get("/api/doors")["doors"]}

    def doors_of(self, protocol: str) -> set[str]:
        """Return the doors whose controllers speak a protocol."""
        doors = self.doors().items()
        return {name for name, door in doors if door["protocol"] == protocol}

    def plan(self) -> dict[str, Any]:
        """Return the street file."""
        text = (self.folder / "street.json").read_text("utf-8")
        document: dict[str, Any] = json.loads(text)
        return document

    def vacancy(self, protocol: str) -> tuple[str, tuple[str, ...]]:
        """Return an empty unit and the doors of its building, all of a protocol."""
        plan, fitting = self.plan(), self.doors_of(protocol)
        doors: dict[str, set[str]] = {}
        for door in plan["doors"]:
            doors.setdefault(door["building"], set()).add(door["id"])
        for unit in plan["units"]:
            house = doors[unit["building"]]
            if unit["use"] == "vacant" and house <= fitting:
                return unit["code"], tuple(sorted(house))
        raise AssertionError(f"no vacant unit behind {protocol} doors alone")

    def move_in(self, unit: str, card: int, start: date, end: date) -> dict[str, Any]:
        """Record a tenancy and wait until the doors have its permits."""
        recorded = self.registry.post(
            "/api/tenancies",
            {
                "unit": unit,
                "occupant": {"name": "样例住户"},
                "card": card,
                "start": start.isoformat(),
                "end": end.isoformat(),
            },
        )
        self.wait_held()
        return recorded

    def wait_held(self) -> None:
        """Wait until every door has the permits it should have."""

        def missing() -> str:
            doors = self.doors().values()
            behind = [d["id"] for d in doors if d["acknowledged"] < d["wanted"]]
            return f"behind: {behind}" if behind else ""

        self.wait(missing)

    def neighbours(self) -> tuple[Neighbour, ...]:
        """Return somebody with a card of every house."""
        today = datetime.now(ZoneInfo(ZONE)).date()
        return tuple({n.doors: n for n in read_neighbours(self.folder, today)}.values())

    def traffic(self, *, running: bool) -> None:
        """Let people move, or wait until all have been answered."""
        self.simulator.post("/traffic", {"running": running})

    def tap(self, door: str, card: int) -> dict[str, Any]:
        """Hold a card to a door and return the journal's line of it."""
        number = self.simulator.post("/taps", {"door": door, "card": card})["tap"]
        found: list[dict[str, Any]] = []

        def missing() -> str:
            rows = read_journal(self.folder / "taps.jsonl")
            found.extend(row for row in rows if row["tap"] == number)
            return "" if found else f"no outcome of tap {number} at {door}"

        self.wait(missing)
        return found[0]

    def passage_of(self, tap: Row) -> dict[str, Any]:
        """Wait for the registry's record of a settled tap and return it."""
        found: list[dict[str, Any]] = []

        def missing() -> str:
            found.extend(row for row in self.passages() if _is_of(row, tap))
            return "" if found else f"the registry has no passage of {tap}"

        self.wait(missing)
        return found[-1]

    def let_the_second_pass(self) -> None:
        """Wait: a board knows whole seconds, and nobody a card before it was given."""
        over = datetime.now(UTC) + timedelta(seconds=2)
        self.wait(lambda: "" if datetime.now(UTC) > over else "the clock")

    def wait(self, missing: Callable[[], str], seconds: float = PATIENCE) -> None:
        """Wait until nothing is missing; fails with what was, and where logs are."""
        until = time.monotonic() + seconds
        while left := _missing(missing):
            self.crew.check()
            if time.monotonic() > until:
                raise AssertionError(f"after {seconds:.0f} s: {left}; {self.folder}")
            time.sleep(_LOOK_AGAIN)

    def wait_online(self, seconds: float = PATIENCE) -> None:
        """Wait until the gateway serves every door."""

        def missing() -> str:
            doors = self.gateway()["doors"]
            offline = [name for name, door in doors.items() if not door["online"]]
            return f"offline: {offline}" if offline else ""

        self.wait(missing, seconds)

    def settle(self, seconds: float = 60.0) -> Account:
        """Stop the traffic, wait for all receipts, and hold taps against passages."""
        self.traffic(running=False)
        accounts: list[Account] = []

        def missing() -> str:
            if depth := self.outbox():
                return f"{depth} passages have no receipt"
            account = account_for(self.registry, self.folder)
            accounts.append(account)
            if account.exact:
                return ""
            return f"lost taps {account.lost}, extra passages {account.duplicates}"

        self.wait(missing, seconds)
        return accounts[-1]


@contextmanager
def open_street(
    folder: Path,
    options: Options = SMALL,
    environment: Mapping[str, str] | None = None,
) -> Iterator[LiveStreet]:
    """Run a street with all doors online and their permits; `folder` keeps the logs."""
    require_mosquitto()
    with Troupe(folder, {"PYTHONUNBUFFERED": "1", **(environment or {})}) as crew:
        try:
            stage = set_up(crew, folder, options, lambda _text: None)
        except CrewFailed as error:
            raise AssertionError(f"no street: {error}; {folder}") from error
        yield LiveStreet(crew, folder, stage, {})


def require_mosquitto() -> None:
    """Fail where there is no real broker."""
    assert find_mosquitto(), "mosquitto is missing: apt-get install mosquitto"


def tell(text: str) -> None:
    """Show a figure to whoever runs the tests with -s."""
    sys.stdout.write(f"\n{text}\n")


def _missing(missing: Callable[[], str]) -> str:
    try:
        return missing()
    except NoAnswer as error:
        return str(error)


def _is_of(passage: Row, tap: Row) -> bool:
    same = (passage["door"], passage["card"]) == (tap["door"], tap["card"])
    if tap["index"] is not None:
        epoch = tap["epoch"] or passage["controller_epoch"]
        record = (passage["controller_epoch"], passage["controller_index"])
        return same and record == (epoch, tap["index"])
    made, recorded = (datetime.fromisoformat(row["at"]) for row in (tap, passage))
    return same and recorded >= made
