"""How long the registry takes for a page of a full street, against 300 ms.

`make street` fills a register; then `python -m tests.benchmarks.pages --data DIR`
(and `--database URL`) asks for pages of places chosen by chance, one after another.
Without a register a small street of its own is filled first.
"""

# ruff: noqa: T201 - a benchmark prints its table and checks its answers

import argparse
import random
import statistics
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import httpx
from pydantic import SecretStr

from registry.app import create_app
from registry.domain.places import AreaKind
from registry.persistence.unit_of_work import UnitOfWork
from registry.settings import Settings
from registry.synthetic.history import SyntheticHistory, Wish
from tests.support.registry_bench import registry
from tests.support.registry_site import serving

LIMIT = 0.3
"""Seconds of server time a page may take, at the 95th percentile."""
DAYS = 7
ROUNDS = 25


def main() -> None:
    """Print a table: page, median, 95th percentile, share of the limit."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path)
    options.add_argument("--database")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    asked = options.parse_args()
    if asked.data is None:
        with tempfile.TemporaryDirectory() as folder:
            measure(small(Path(folder)), asked.rounds)
        return
    url = None if asked.database is None else SecretStr(asked.database)
    measure(Settings(data=asked.data, database_url=url), asked.rounds)


def small(folder: Path) -> Settings:
    """Fill a register of four homes."""
    with registry(folder) as bench:
        services = bench.services
        maker = SyntheticHistory(
            services.store, services.permits, services.policy, bench.clock
        )
        maker.fill(Wish(DAYS, 1), lambda _what, _count: None)
        services.retirement.look()
        return bench.settings


def measure(settings: Settings, rounds: int) -> None:
    """Ask for every kind of page so many times and print how long each took."""
    luck = random.Random(1)  # noqa: S311  reproducible on purpose
    with (
        serving(create_app(settings)) as site,
        httpx.Client(base_url=site.url, timeout=60) as web,
    ):
        with site.services.store.reading() as uow:
            passages = uow.passages.last_number()
            kinds = pages(uow, luck)
            engine = uow.session.get_bind().dialect.name
        took: dict[str, list[float]] = defaultdict(list)
        for _ in range(rounds):
            for kind, paths in kinds.items():
                path = luck.choice(paths)
                began = time.perf_counter()
                answer = web.get(path)
                took[kind].append(time.perf_counter() - began)
                assert answer.status_code == 200, (path, answer.text[:300])
    print(
        f"{engine}, {passages} passages, {rounds} of each; limit {LIMIT * 1000:.0f} ms"
    )
    print(f"{'page':<32} {'p50 ms':>8} {'p95 ms':>8} {'of limit':>9}")
    for kind, times in took.items():
        late = statistics.quantiles(times, n=20, method="inclusive")[-1]
        middle = statistics.median(times)
        print(f"{kind:<32} {middle * 1000:8.1f} {late * 1000:8.1f} {late / LIMIT:9.2f}")


def pages(uow: UnitOfWork, luck: random.Random) -> dict[str, list[str]]:
    """Return addresses of every kind of page, of places chosen by chance."""
    buildings = [b.code for b in uow.houses.buildings()]
    every = uow.houses.units(buildings)
    units = luck.sample(every, min(200, len(every)))
    communities = uow.houses.areas(AreaKind.COMMUNITY)
    doors = [door.id for door in uow.hardware.doors()]
    day = uow.tenancies.find(limit=1)[0].start + timedelta(days=30)
    return {
        "/": ["/"],
        "/communities/…": [f"/communities/{c.code}" for c in communities],
        "/buildings/…": [f"/buildings/{b}" for b in buildings],
        "/buildings/…/units/…": [
            f"/buildings/{u.building}/units/{u.number}" for u in units
        ],
        "/buildings/…/truth": [f"/buildings/{b}/truth" for b in buildings],
        "/buildings/…/truth?as_of=…": [
            f"/buildings/{b}/truth?as_of={day}" for b in buildings
        ],
        "/buildings/…/units/…/truth": [
            f"/buildings/{u.building}/units/{u.number}/truth" for u in units
        ],
        "/doors": ["/doors"],
        "/doors/…": [f"/doors/{d}" for d in doors],
        "/doors/…/rules": [f"/doors/{d}/rules" for d in doors],
        "/alarms": ["/alarms"],
        "/commissioning": ["/commissioning"],
        "/calendar": ["/calendar"],
        "/tenancies/new": ["/tenancies/new"],
        "/api/units/…": [f"/api/units/{u.code}" for u in units],
        "/api/buildings/…": [f"/api/buildings/{b}" for b in buildings],
    }


if __name__ == "__main__":
    main()
