"""The demo's figures: now and then while it runs, and its one result."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from firmware_sim.installation import GATEWAY_DATA
from firmware_sim.journal import quantile, read_journal
from firmware_sim.observer import Api, doors_ready, outbox_depth, passages
from firmware_sim.reconcile import Account, reconcile

_RECENT = 2_000


@dataclass(frozen=True, slots=True)
class Glance:
    """How the street is at this moment; times in milliseconds."""

    doors: int
    doors_online: int
    taps: int
    passages: int
    passages_per_second: float
    unlock: tuple[float | None, float | None]
    registry: tuple[float | None, float | None]
    outbox: int | None
    street_time: float


class Watch:
    """Looks at the running street again and again."""

    def __init__(self, registry: Api, simulator: Api, folder: Path) -> None:
        self._registry = registry
        self._simulator = simulator
        self._folder = folder
        self._after = 0
        self._looked: float | None = None
        self._delays: deque[float] = deque(maxlen=_RECENT)
        self._count = 0

    def look(self) -> Glance:
        """Ask everybody; raises NoAnswer."""
        new = list(passages(self._registry, self._after))
        now = time.monotonic()
        since = now - self._looked if self._looked else 0.0
        if new:
            self._after = new[-1]["number"]
        self._looked = now
        self._count += len(new)
        self._delays += map(_recorded_after, new)
        status = self._simulator.get("/status")
        doors, online, _ = doors_ready(self._registry)
        return Glance(
            doors=doors,
            doors_online=online,
            taps=status["taps"],
            passages=self._count,
            passages_per_second=len(new) / since if since else 0.0,
            unlock=(status["unlock_p50_ms"], status["unlock_p99_ms"]),
            registry=both(self._delays),
            outbox=outbox_depth(self._folder / GATEWAY_DATA),
            street_time=status["street_time"],
        )


def account_for(registry: Api, folder: Path) -> Account:
    """Hold the simulator's journal against all the registry has."""
    return reconcile(read_journal(folder / "taps.jsonl"), passages(registry))


def result(glance: Glance, account: Account, seconds: float) -> dict[str, Any]:
    """Return the demo's result, as `--json` prints it."""
    unlock_p50, unlock_p99 = glance.unlock
    registry_p50, registry_p99 = both(account.delays)
    return {
        "doors": glance.doors,
        "doors_online": glance.doors_online,
        "taps": account.taps,
        "passages_in_registry": account.passages,
        "duplicates": len(account.duplicates),
        "lost": len(account.lost),
        "unlock_p50_ms": unlock_p50,
        "unlock_p99_ms": unlock_p99,
        "registry_p50_ms": registry_p50,
        "registry_p99_ms": registry_p99,
        "outbox": glance.outbox,
        "seconds": round(seconds, 1),
    }


def both(seconds: Iterable[float]) -> tuple[float | None, float | None]:
    """Return the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    p50, p99 = (quantile(ordered, share) for share in (0.50, 0.99))
    if p50 is None or p99 is None:
        return None, None
    return round(p50 * 1000, 1), round(p99 * 1000, 1)


def _recorded_after(passage: dict[str, Any]) -> float:
    recorded = datetime.fromisoformat(passage["recorded_at"])
    return (recorded - datetime.fromisoformat(passage["at"])).total_seconds()
