"""`menhu-sim`: plan a street, run it, and compare what happened with the record."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from firmware_sim.hardware import wire_up
from firmware_sim.installation import write_installation
from firmware_sim.layout import DOORS
from firmware_sim.plan import RESIDENTS, Size, plan_street
from firmware_sim.street import ZONE

app = typer.Typer(
    help="A simulated street: readers, smart doors and the people who use them.",
    epilog="Example: menhu-sim plan --out street; menhu-sim run street",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def describe() -> None:
    """Keep the commands named, however few they are."""


@app.command(epilog="Example: menhu-sim plan --seed 7 --out street --residents 3000")
def plan(  # noqa: PLR0913  one parameter for each option of the command
    *,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    seed: Annotated[int, typer.Option(help="The same seed, the same street.")] = 7,
    residents: Annotated[int, typer.Option(help="People with cards.")] = RESIDENTS,
    doors: Annotated[int, typer.Option(help="Doors.")] = DOORS,
    readers: Annotated[
        int | None, typer.Option(help="Doors with an OSDP reader; default 3 in 10.")
    ] = None,
    baud: Annotated[
        int | None, typer.Option(help="Speed of every bus; default 9600 and 38400.")
    ] = None,
    registry: Annotated[
        str, typer.Option(help="Where the gateway finds the registry.")
    ] = "http://127.0.0.1:8080",
    mqtt: Annotated[
        str, typer.Option(help="The broker, HOST:PORT.")
    ] = "127.0.0.1:1883",
    today: Annotated[
        str | None, typer.Option(help="Tenancies are planned around this day, ISO.")
    ] = None,
) -> None:
    """Plan a street and write the files of its installation."""
    try:
        day = date.fromisoformat(today) if today else _today()
        street = plan_street(seed, Size(residents, doors, readers), day)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    write_installation(out, street, wire_up(street, mqtt, baud), registry)
    typer.echo(
        f"{out}: {len(street.buildings)} buildings, {len(street.doors)} doors,"
        f" {len(street.credentials)} people. Next: menhu-sim run {out}"
    )


def main() -> None:
    """Run the command line."""
    app()


def _today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()


if __name__ == "__main__":
    main()
