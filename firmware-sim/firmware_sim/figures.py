"""The demo's figures: now and then while it runs, and its one result."""

import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from firmware_sim.installation import GATEWAY_DATA
from firmware_sim.journal import quantile, read_journal
from firmware_sim.observer import Api, doors, outbox_depth, passages, unwatched
from firmware_sim.reconcile import Account, reconcile

_RECENT = 2_000
Times = tuple[float | None, float | None]
"""The median and the 99th percentile, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How the doors of one protocol are, and how soon the registry has their news."""

    doors: int
    doors_online: int
    registry: Times


@dataclass(frozen=True, slots=True)
class Accounts:
    """All taps against all passages, and those of each protocol's doors alone."""

    total: Account
    protocols: Mapping[str, Account]


@dataclass(frozen=True, slots=True)
class Glance:
    """How the street is at this moment; times in milliseconds."""

    kinds: Mapping[str, Kind]
    taps: int
    passages: int
    passages_per_second: float
    unlock: Times
    outbox: int | None
    street_time: float

    @property
    def doors(self) -> int:
        """How many doors there are."""
        return sum(kind.doors for kind in self.kinds.values())

    @property
    def doors_online(self) -> int:
        """How many doors are online."""
        return sum(kind.doors_online for kind in self.kinds.values())


class Watch:
    """Looks at the running street again and again."""

    def __init__(self, registry: Api, simulator: Api, folder: Path) -> None:
        self._registry = registry
        self._simulator = simulator
        self._folder = folder
        self._after = 0
        self._looked: float | None = None
        self._delays: dict[str, deque[float]] = defaultdict(
            lambda: deque(maxlen=_RECENT)
        )
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
        for passage in new:
            self._delays[passage["door"]].append(_recorded_after(passage))
        status = self._simulator.get("/status")
        return Glance(
            kinds=self._kinds(doors(self._registry)),
            taps=status["taps"],
            passages=self._count,
            passages_per_second=len(new) / since if since else 0.0,
            unlock=(status["unlock_p50_ms"], status["unlock_p99_ms"]),
            outbox=outbox_depth(self._folder / GATEWAY_DATA),
            street_time=status["street_time"],
        )

    def _kinds(self, found: Iterable[dict[str, Any]]) -> dict[str, Kind]:
        kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for door in found:
            kinds[door["protocol"]].append(door)
        return {
            protocol: Kind(
                len(rows),
                sum(row["online"] for row in rows),
                both(each for row in rows for each in self._delays[row["id"]]),
            )
            for protocol, rows in sorted(kinds.items())
        }


def account_for(registry: Api, folder: Path) -> Account:
    """Hold the simulator's journal against all the registry has."""
    taps = read_journal(folder / "taps.jsonl")
    return reconcile(taps, passages(registry), unwatched(registry))


def accounts_for(registry: Api, folder: Path) -> Accounts:
    """Hold the journal against the registry, also for each protocol alone."""
    taps, spans = read_journal(folder / "taps.jsonl"), list(unwatched(registry))
    found = list(passages(registry))
    protocols = {door["id"]: door["protocol"] for door in doors(registry)}
    return Accounts(
        reconcile(taps, found, spans),
        {
            protocol: reconcile(
                [tap for tap in taps if protocols.get(tap["door"]) == protocol],
                [row for row in found if protocols.get(row["door"]) == protocol],
                spans,
            )
            for protocol in sorted(set(protocols.values()))
        },
    )


def result(glance: Glance, accounts: Accounts, seconds: float) -> dict[str, Any]:
    """Return the demo's result, as `--json` prints it."""
    account = accounts.total
    unlock_p50, unlock_p99 = glance.unlock
    registry_p50, registry_p99 = both(account.delays)
    return {
        "doors": glance.doors,
        "doors_online": glance.doors_online,
        "taps": account.taps,
        "passages_in_registry": account.passages,
        "duplicates": len(account.duplicates),
        "lost": len(account.lost),
        "maybe_unseen": len(account.unseen),
        "unlock_p50_ms": unlock_p50,
        "unlock_p99_ms": unlock_p99,
        "registry_p50_ms": registry_p50,
        "registry_p99_ms": registry_p99,
        "outbox": glance.outbox,
        "seconds": round(seconds, 1),
        "protocols": {
            protocol: _kind(kind, accounts.protocols.get(protocol, Account()))
            for protocol, kind in glance.kinds.items()
        },
    }


def _kind(kind: Kind, account: Account) -> dict[str, Any]:
    registry_p50, registry_p99 = both(account.delays)
    return {
        "doors": kind.doors,
        "doors_online": kind.doors_online,
        "taps": account.taps,
        "duplicates": len(account.duplicates),
        "lost": len(account.lost),
        "maybe_unseen": len(account.unseen),
        "registry_p50_ms": registry_p50,
        "registry_p99_ms": registry_p99,
    }


def both(seconds: Iterable[float]) -> Times:
    """Return the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    p50, p99 = (quantile(ordered, share) for share in (0.50, 0.99))
    if p50 is None or p99 is None:
        return None, None
    return round(p50 * 1000, 1), round(p99 * 1000, 1)


def _recorded_after(passage: dict[str, Any]) -> float:
    recorded = datetime.fromisoformat(passage["recorded_at"])
    return (recorded - datetime.fromisoformat(passage["at"])).total_seconds()
