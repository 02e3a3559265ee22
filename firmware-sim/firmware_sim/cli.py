"""`menhu-sim`: plan a street, run it, and compare what happened with the record."""

import asyncio
import json
from datetime import date, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from firmware_sim.hardware import Site, wire_up
from firmware_sim.installation import FilesDamaged, write_installation
from firmware_sim.journal import read_journal
from firmware_sim.layout import DOORS
from firmware_sim.plan import RESIDENTS, Size, plan_street
from firmware_sim.reconcile import reconcile
from firmware_sim.street import ZONE

_LARGEST_PORT = 65535
app = typer.Typer(
    help="A simulated street: doors of four kinds and the people who use them.",
    epilog="Example: menhu-sim plan --out street; menhu-sim run street",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


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
    board_doors: Annotated[
        int | None, typer.Option(help="Doors of UHPPOTE boards; default 1 in 4.")
    ] = None,
    esp_doors: Annotated[
        int | None, typer.Option(help="Doors with an esp-rfid; default 1 in 10.")
    ] = None,
    baud: Annotated[
        int | None,
        typer.Option(min=300, help="Speed of every bus; default a mix."),
    ] = None,
    registry: Annotated[
        str, typer.Option(help="Where the gateway finds the registry.")
    ] = "http://127.0.0.1:8080",
    mqtt: Annotated[
        str, typer.Option(help="The broker, HOST:PORT.")
    ] = "127.0.0.1:1883",
    board_port: Annotated[
        int,
        typer.Option(
            min=1, max=_LARGEST_PORT, help="Where boards listen, UDP and TCP."
        ),
    ] = 60000,
    event_port: Annotated[
        int,
        typer.Option(min=1, max=_LARGEST_PORT, help="Where boards push events, UDP."),
    ] = 60001,
    today: Annotated[
        str | None, typer.Option(help="Tenancies are planned around this day, ISO.")
    ] = None,
) -> None:
    """Plan a street and write the files of its installation."""
    _address("mqtt", mqtt)
    try:
        day = date.fromisoformat(today) if today else _today()
        size = Size(residents, doors, readers, board_doors, esp_doors)
        street = plan_street(seed, size, day)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    hardware = wire_up(street, Site(mqtt, board_port, event_port), baud)
    try:
        write_installation(out, street, hardware, registry)
    except OSError as error:
        raise typer.BadParameter(f"nothing can be written there: {error}") from error
    typer.echo(
        f"{out}: {len(street.buildings)} buildings, {len(street.doors)} doors,"
        f" {len(street.credentials)} people. Next: menhu-sim run {out}"
    )


@app.command(epilog="Example: menhu-sim run street --speed 60")
def run(  # noqa: PLR0913  one parameter for each option of the command
    folder: Annotated[Path, typer.Argument(help="Folder `plan` wrote.")],
    *,
    control: Annotated[
        str, typer.Option(help="Where the control API listens: HOST:PORT, loopback.")
    ] = "127.0.0.1:8090",
    speed: Annotated[
        float, typer.Option(min=0.1, help="Street seconds in a real one.")
    ] = 60,
    taps_per_resident: Annotated[float, typer.Option(min=0, help="Taps in a day.")] = 4,
    broker: Annotated[
        str | None, typer.Option(help="Another broker than planned: HOST:PORT.")
    ] = None,
    traffic: Annotated[bool, typer.Option(help="Let people move at once.")] = True,
) -> None:
    """Run a planned street until interrupted."""
    from firmware_sim.run import (  # noqa: PLC0415  slow to load; others are quick
        RunSettings,
        run_street,
    )

    host, port = _address("control", control)
    if not _is_loopback(host):
        raise typer.BadParameter("control must be a loopback address: 127.0.0.1:PORT")
    if broker:
        _address("broker", broker)
    if not (folder / "sim.toml").exists():
        raise typer.BadParameter(f"{folder} holds no sim.toml; run: menhu-sim plan")
    settings = RunSettings(
        folder, host, port, speed, taps_per_resident, _today(), broker, traffic
    )
    try:
        asyncio.run(run_street(settings))
    except OSError as error:
        raise typer.BadParameter(f"the street cannot run: {error}") from error
    except FilesDamaged as error:
        raise typer.BadParameter(f"{error}; run: menhu-sim plan") from error


@app.command(
    "reconcile", epilog="Example: menhu-sim reconcile taps.jsonl passages.json"
)
def compare(
    journal: Annotated[Path, typer.Argument(help="taps.jsonl of the simulator.")],
    passages: Annotated[
        Path, typer.Argument(help="Passages as the registry's API gives them.")
    ],
    unwatched: Annotated[
        Path | None, typer.Option(help="Unwatched spans as the API gives them.")
    ] = None,
) -> None:
    """Compare every tap with the registry's passages; fails unless they agree."""
    try:
        recorded = json.loads(passages.read_text("utf-8"))["passages"]
        text = unwatched.read_text("utf-8") if unwatched else '{"unwatched": []}'
        spans = json.loads(text)["unwatched"]
        account = reconcile(read_journal(journal), recorded, spans)
    except OSError as error:
        raise typer.BadParameter(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise typer.BadParameter(
            f"this is no journal with an export of passages: {error!r}"
        ) from error
    typer.echo(
        json.dumps(
            {
                "taps": account.taps,
                "passages": account.passages,
                "lost": account.lost,
                "duplicates": account.duplicates,
                "maybe_unseen": account.unseen,
            }
        )
    )
    raise typer.Exit(0 if account.exact else 1)


def main() -> None:
    """Run the command line."""
    app()


def _address(option: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= _LARGEST_PORT:
        raise typer.BadParameter(f"{option} must be HOST:PORT, not {text!r}")
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()


if __name__ == "__main__":
    main()
