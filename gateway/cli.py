"""The command line: menhu-gateway."""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from gateway.config.installation import load
from gateway.config.problems import ConfigInvalid
from gateway.config.reading import read_config
from gateway.control import order
from gateway.device import create_key
from gateway.errors import GatewayError
from gateway.logs import configure
from gateway.status import ask
from gateway.trace import TraceInvalid, replay

INVALID = 2
app = typer.Typer(
    name="menhu-gateway",
    help="The edge daemon between doors and the registry.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", help="The installation's gateway.toml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DEFAULT = Path("gateway.toml")


def main() -> None:
    """Run a command; errors are one line each, and exit code 1 or 2."""
    try:
        app()
    except ConfigInvalid as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)  # noqa: T201 - the answer of a command line
        sys.exit(INVALID)
    except (GatewayError, OSError, sqlite3.Error, TraceInvalid) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the answer of a command line
        sys.exit(1)


@app.command(epilog="Example: menhu-gateway init --config gateway.toml")
def init(config: ConfigFile = DEFAULT) -> None:
    """Make the device key; give the printed file to the registry's enrol command."""
    typer.echo(create_key(_data(config)))


@app.command(epilog="Example: menhu-gateway check --config /etc/menhu/gateway.toml")
def check(config: ConfigFile = DEFAULT) -> None:
    """Name everything that is wrong with the configuration; exit code 2 if any."""
    lines = load(config).config.lines
    doors = sum(len(line.controllers) for line in lines)
    typer.echo(f"{config}: in order, {len(lines)} lines, {doors} doors")


@app.command(epilog="Example: menhu-gateway run -c gateway.toml --json-logs")
def run(
    config: ConfigFile = DEFAULT,
    *,
    json_logs: Annotated[
        bool, typer.Option("--json-logs", help="Log JSON instead of key=value.")
    ] = False,
    trace: Annotated[
        Path | None,
        typer.Option(help="Record all lines for replay; the file holds card numbers."),
    ] = None,
) -> None:
    """Be the gateway until SIGTERM."""
    from gateway import daemon  # noqa: PLC0415 - slow to load; other commands are quick

    installation = load(config)
    configure(as_json=json_logs)
    with _trace_file(trace) as file:
        asyncio.run(daemon.run(installation, file))


@app.command(epilog="Example: menhu-gateway status --json | jq .outbox")
def status(config: ConfigFile = DEFAULT, *, as_json: AsJson = False) -> None:
    """Ask the running daemon how it is."""
    data = _data(config)
    try:
        report = ask(data)
    except OSError as error:
        raise GatewayError(f"no gateway answers in {data}: {error.strerror}") from error
    except ValueError as error:
        raise GatewayError(f"the gateway's answer breaks off: {error}") from error
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for name, value in _summary(report):
        typer.echo(f"{name:<22}{value}")


@app.command("replay", epilog="Example: menhu-gateway replay bus-01 fault.trace")
def replay_trace(line: str, trace: Path, config: ConfigFile = DEFAULT) -> None:
    """Feed a recorded line to its protocol again and print what it makes of it."""
    from gateway.assembly import opener  # noqa: PLC0415 - slow to load, as for `run`

    installation = load(config)
    sections = {section.name: section for section in installation.config.lines}
    if line not in sections:
        raise GatewayError(f"no line {line!r}. Lines: {', '.join(sections)}")
    with trace.open(encoding="utf-8", errors="replace") as file:
        for now, what in replay(file, line, opener(installation, sections[line])):
            typer.echo(f"{now:.6f} {what}")


@app.command(epilog="Example: menhu-gateway commission reader-12 --operator op-07")
def commission(
    controller: str,
    config: ConfigFile = DEFAULT,
    *,
    operator: Annotated[
        str, typer.Option(help="Your id in the street's books; never a name.")
    ],
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for a key, a card or a contact.")
    ] = 30.0,
) -> None:
    """Find an OSDP reader, give it a key of its own, test it and sign what was seen."""
    from gateway.commissioning import wizard  # noqa: PLC0415 - only this command needs it

    at_the_door = wizard.Operator(operator, typer.echo, typer.confirm)
    path = wizard.commission(config, controller, patience, at_the_door)
    typer.echo(f"{path}: signed. Start the gateway on that line again.")


@app.command(epilog="Example: menhu-gateway rotate reader-12 -c gateway.toml")
def rotate(controller: str, config: ConfigFile = DEFAULT) -> None:
    """Have the running gateway give a reader a new key, with the door in service."""
    typer.echo(order(_data(config), "rotate", controller))


@app.command(epilog="Example: menhu-gateway accept reader-12 -c gateway.toml")
def accept(controller: str, config: ConfigFile = DEFAULT) -> None:
    """Have the running gateway take another reader for the one that belongs there."""
    typer.echo(order(_data(config), "accept", controller))


def _data(config: Path) -> Path:
    return config.resolve().parent / read_config(config).data


@contextmanager
def _trace_file(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8", buffering=1) as file:
        yield file


def _summary(report: dict[str, Any]) -> Iterator[tuple[str, object]]:
    outbox, latency = report["outbox"], report["card_to_command_ms"]
    yield "gateway", report["gateway"]
    yield "doors online", f"{report['doors_online']} of {len(report['doors'])}"
    yield "permits", f"{report['permits']} at revision {report['revision']}"
    yield "outbox", f"{outbox['depth']} passages without receipt"
    yield "oldest passage", _ago(outbox["oldest_seconds"])
    yield "last receipt", _ago(outbox["last_receipt_seconds"])
    yield "segments set aside", outbox["set_aside"]
    yield "ballast", "held" if report["ballast"] else "RELEASED: the disk was full"
    yield "card to command", f"p50 {latency['p50']} ms, p99 {latency['p99']} ms"
    for door, state in report["doors"].items():
        if not state["online"]:
            yield "offline", door


def _ago(seconds: float | None) -> str:
    return "none" if seconds is None else f"{seconds:.0f} s ago"
