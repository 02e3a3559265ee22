"""What the house rules find on a synthetic street, against what was planted in it.

`make street` fills a register; then
`python -m tests.benchmarks.house_rules --data DIR --planted DIR/planted.json`
asks every rule of every house. Without a register a smaller street is filled first.
"""

# ruff: noqa: T201 - a benchmark prints its table and checks its answers

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from controller.uplink.messages import DoorReport
from controller.vocabulary import DoorId, Revision
from registry.assembly import build_services
from registry.domain.cases import CaseState
from registry.domain.house_rules.rule import RuleId
from registry.persistence.cases import Wanted
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.registry_services import Services
from registry.settings import Settings
from registry.synthetic.planted import Planted, read_planted

RESIDENTS, DAYS = 3000, 61
FLOOR = 0.5
"""Below this share of real findings a rule would be switched off."""
EVERY = frozenset(CaseState)


def main() -> None:
    """Print a table: rule, planted, flagged, guarded, precision, recall."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path)
    options.add_argument("--planted", type=Path)
    options.add_argument("--residents", type=int, default=RESIDENTS)
    asked = options.parse_args()
    if asked.data is not None:
        measure(asked.data, read_planted(asked.planted.read_text("utf-8")))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        measure(data, filled(Path(folder), data, asked.residents))


def filled(folder: Path, data: Path, residents: int) -> Planted:
    """Fill a register by the commands somebody would fill one by."""
    sim = Path(sys.executable).with_name("menhu-sim")
    ours = Path(sys.executable).with_name("menhu-registry")
    plan, planted = folder / "plan", folder / "planted.json"
    commands: tuple[list[str | Path], ...] = (
        [sim, "plan", "--out", plan, "--residents", str(residents)],
        [ours, "--data", data, "migrate"],
        [ours, "--data", data, "seed", plan / "street.json"],
        [ours, "--data", data, "history", "--days", str(DAYS), "--planted", planted],
    )
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return read_planted(planted.read_text("utf-8"))


def measure(data: Path, planted: Planted) -> None:
    """Ask the rules, print what they found, and fail where one is mostly wrong."""
    services = build_services(Settings(data=data))
    with services.store.writing() as uow:
        hear_every_door(uow, services)
        services.house_truths.count(uow)
    began = time.perf_counter()
    services.house_cases.sweep(services.store)
    took = time.perf_counter() - began
    with services.store.reading() as uow:
        homes = len(uow.houses.units([b.code for b in uow.houses.buildings()]))
        found = uow.cases.listed(Wanted(EVERY, limit=10**6))
    flagged: dict[str, set[str]] = defaultdict(set)
    guarded: Counter[str] = Counter()
    for case in found:
        if case.state is CaseState.AUTO_GUARDED:
            guarded[case.rule] += 1
        elif case.open:
            flagged[case.rule].add(case.place)
    print(f"{homes} homes in {took:.1f} s, {1000 * took / homes:.2f} ms each")
    told(planted, flagged, guarded)
    services.store.close()


def told(
    planted: Planted, flagged: Mapping[str, set[str]], guarded: Mapping[str, int]
) -> None:
    """Print the table and check it."""
    print("rule  planted  flagged  guarded  precision  recall  innocent flagged")
    wrong = []
    for rule in RuleId:
        real, said = planted.real.get(rule, set()), flagged.get(rule, set())
        right = len(real & said)
        precision = f"{right / len(said):9.2f}" if real and said else "        -"
        recall = f"{right / len(real):6.2f}" if real else "     -"
        asked = len(planted.innocent.get(rule, set()) & said)
        print(
            f"{rule:4}  {len(real):7}  {len(said):7}  {guarded.get(rule, 0):7}  "
            f"{precision}  {recall}  {asked:16}"
        )
        if real and said and right / len(said) < FLOOR:
            wrong.append(rule)
    assert not wrong, f"these rules are wrong more often than right: {wrong}"


def hear_every_door(uow: UnitOfWork, services: Services) -> None:
    """Let every door report that it works by the newest permits."""
    statuses = sorted(uow.hardware.statuses(), key=lambda status: status.gateway)
    for gateway, those in groupby(statuses, key=lambda status: status.gateway):
        reports = [
            DoorReport(
                DoorId(status.door.id),
                online=True,
                secure=True,
                acknowledged=Revision(status.wanted),
            )
            for status in those
        ]
        uow.hardware.report(gateway, reports, services.clock())


if __name__ == "__main__":
    main()
