"""A synthetic history: the same from the same seed, on examples only, once."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from registry.audit.trail import verify
from registry.cli import program
from registry.domain.errors import Conflict
from registry.domain.permits import FAR_PAST
from registry.synthetic.history import SyntheticHistory, Wish
from registry.synthetic.planted import Planted, read_planted
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import TENANT_CARD, Bench, registry, street

DAYS = 12


@pytest.fixture
def bench(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def fill(bench: Bench, seed: int = 7) -> tuple[Planted, Counter[str]]:
    told: Counter[str] = Counter()
    services = bench.services
    maker = SyntheticHistory(
        services.store, services.permits, services.policy, bench.clock
    )
    planted = maker.fill(Wish(DAYS, seed), lambda what, _: told.update([what]))
    return planted, told


def passages(bench: Bench) -> list[tuple[object, ...]]:
    with bench.services.store.reading() as uow:
        rows = uow.session.execute(
            text("SELECT door, at, granted, card, party, unit FROM passages ORDER BY 2")
        )
        return [tuple(row) for row in rows]


def test_a_history_is_the_same_from_the_same_seed(bench: Bench, tmp_path: Path) -> None:
    planted, told = fill(bench)
    assert told == {"register": 1, "permits": 1, "day": DAYS}
    made = passages(bench)
    assert made
    with registry(tmp_path / "again") as other:
        again, _ = fill(other)
        assert again.document() == planted.document()
        assert [row[:2] for row in passages(other)] == [row[:2] for row in made]
    assert read_planted(planted.document()).document() == planted.document()
    with registry(tmp_path / "other") as other:
        fill(other, seed=8)
        assert passages(other) != made


def test_it_lies_in_the_past_and_counts_into_days(bench: Bench) -> None:
    fill(bench)
    bench.services.retirement.look()
    today = bench.services.housing.today()
    with bench.services.store.reading() as uow:
        upto = uow.passages.last_number()
        assert uow.daily_use.mark() == upto
        (card,) = uow.credentials.of_cards([TENANT_CARD])
        used = uow.daily_use.of_cards([card.id], FAR_PAST.date())
        assert verify(uow).broken is None
    assert used
    assert all(today - timedelta(days=DAYS) <= use.day < today for use in used)


def test_a_register_gets_one_history_at_most(bench: Bench) -> None:
    fill(bench)
    before = passages(bench)
    with pytest.raises(Conflict):
        fill(bench)
    assert passages(bench) == before


def test_only_an_example_is_given_a_history(tmp_path: Path) -> None:
    real = street() | {"example": False}
    with registry(tmp_path, seeded=False) as bench:
        bench.seed(real)
    done = CliRunner().invoke(
        program, ["--data", str(bench.settings.data), "history", "--days", "2"]
    )
    assert done.exit_code == 1
    assert "only an example street" in done.stderr


def test_the_command_tells_what_it_planted(tmp_path: Path) -> None:
    running = street()
    running["tenancies"][1]["end"] = "2098-01-01"
    with registry(tmp_path, seeded=False) as bench:
        bench.seed(running)
    planted = tmp_path / "planted.json"
    done = CliRunner().invoke(
        program,
        [
            "--data",
            str(bench.settings.data),
            "history",
            "--days",
            "2",
            "--planted",
            str(planted),
        ],
    )
    assert done.exit_code == 0, done.stderr
    assert "passages on 2 days" in done.stdout
    assert "B1-0202" in read_planted(planted.read_text("utf-8")).real["H1"]
