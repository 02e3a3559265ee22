"""`menhu-registry history`: fill an example street with what nobody lived."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.program import program, services_of, told
from registry.domain.errors import Conflict
from registry.synthetic.history import SyntheticHistory, Wish

STEPS = 2


@program.command()
def history(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days of passages.")] = 90,
    seed: Annotated[int, typer.Option(help="The same seed, the same history.")] = 7,
    planted: Annotated[
        Path | None,
        typer.Option(help="Where to write what rules should find.", dir_okay=False),
    ] = None,
) -> None:
    """Give an imported example street a synthetic past: papers, stays and passages.

    Example: menhu-sim plan --out DIR --residents 60000 &&
    menhu-registry seed DIR/street.json && menhu-registry history --days 90
    """
    with told(), services_of(context) as services:
        with services.store.reading() as uow:
            if not services.housing.example(uow):
                raise Conflict("only an example street is given a history")
        wish, lines = Wish(days, seed), [0]
        maker = SyntheticHistory(
            services.store, services.permits, services.policy, services.clock
        )
        with typer.progressbar(length=STEPS + days) as bar:

            def step(what: str, count: int) -> None:
                lines[0] += count if what == "day" else 0
                bar.update(1)

            found = maker.fill(wish, step)
        services.retirement.look()
    if planted is not None:
        planted.write_text(found.document(), "utf-8")
    typer.echo(f"{lines[0]} passages on {days} days")
    for rule, units in sorted(found.real.items()):
        typer.echo(f"{rule:>4}: {len(units)} units planted")
