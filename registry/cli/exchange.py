"""`menhu-registry exchange`: files for the police, off by default."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.program import CLI, FAULT, OPERATOR, program, services_of, told
from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.exchange.bases import BasisForm
from registry.domain.exchange.files import report
from registry.domain.exchange.tables import ExportType
from registry.domain.registration import day_of
from registry.domain.responsibility import read_responsible

exchange = typer.Typer(
    no_args_is_help=True,
    help="Files for the police: off by default, each field on a document.",
    epilog="Example: menhu-registry exchange report",
)
program.add_typer(exchange, name="exchange")
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
By = Annotated[str, typer.Option("--operator", help="Who answers for it.")]
Why = Annotated[str, typer.Option(help="Why it is done now.")]


@exchange.command("report")
def show_report(context: typer.Context) -> None:
    """Say for every field of every table whether it would go out today, and why not.

    Example: menhu-registry exchange report
    """
    with told(), services_of(context) as services, services.store.reading() as uow:
        plans = services.exchange.plans(uow)
    typer.echo(
        json.dumps([report(each) for each in plans], ensure_ascii=False, indent=2)
    )


@exchange.command("enable")
def enable(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="101 to 104.")],
    field: Annotated[str, typer.Argument(help="A field, or '*' for the table.")],
    *,
    law: Annotated[str, typer.Option(help="The law and article.")],
    document: Annotated[str, typer.Option(help="The number of the document.")],
    recipient: Annotated[str, typer.Option(help="The authority that asks.")],
    until: Annotated[str, typer.Option(help="The first day it holds no more.")],
    code: Annotated[
        list[str] | None,
        typer.Option(help="Our word and the document's code: citizen=111."),
    ] = None,
    operator: By = OPERATOR,
) -> None:
    """Let a field of a table, or a table, go out on a document until a day.

    Example: menhu-registry exchange enable 104 '*' --law "order 1, art. 2"
    --document "2026-17" --recipient "police station" --until 2027-01-01
    """
    form = BasisForm(
        table, field, law, document, recipient, until, operator, tuple(code or ())
    )
    with told(), services_of(context) as services, services.store.writing() as uow:
        basis = services.exchange.enable(uow, form, CLI)
    typer.echo(f"{basis.id}: {basis.type} {basis.field} until {basis.until}")


@exchange.command("revoke")
def revoke(
    context: typer.Context,
    basis: Annotated[str, typer.Argument(help="The id `enable` told.")],
    *,
    reason: Why,
    operator: By = OPERATOR,
) -> None:
    """Let nothing more go out on a document, at once.

    Example: menhu-registry exchange revoke X-0123456789abcdef --reason "withdrawn"
    """
    with told(), services_of(context) as services, services.store.writing() as uow:
        who = read_responsible(operator, reason, CLI)
        services.exchange.revoke(uow, basis, who)
    typer.echo(f"nothing more goes out on {basis}")


@exchange.command("run")
def run(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    table: Annotated[ExportType, typer.Argument(help="101 to 104.")],
    *,
    first: Annotated[str, typer.Option("--from", help="The first day.")],
    until: Annotated[str, typer.Option(help="The first day no more asked for.")],
    reason: Why,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")] = Path(
        "exchange"
    ),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go out.")
    ] = False,
    operator: By = OPERATOR,
) -> None:
    """Make the files of a table, and say which fields of how many records are in them.

    Example: menhu-registry exchange run 104 --from 2026-06-01 --until 2026-06-08
    --reason "weekly file" --out exchange-104
    """
    with told():
        days = _days(first, until)
        who = read_responsible(operator, reason, CLI)
        if not dry_run:
            _make(out)
        with services_of(context) as services, services.store.writing() as uow:
            made = services.exchange.run(uow, table, *days, who, dry=dry_run)
    for name, content in made.files.items():
        _write(out / name, content)
    typer.echo(json.dumps(made.report, ensure_ascii=False, indent=2))
    if made.done.refused:
        typer.echo("some records were refused: see `refused` in the report", err=True)
        raise typer.Exit(FAULT)


def _days(first: str, until: str) -> tuple[date, date]:
    read = {"from": day_of(first), "until": day_of(until)}
    errors = [
        FieldError(name, Fault.MALFORMED, "this is no day", "write it YYYY-MM-DD")
        for name, day in read.items()
        if day is None
    ]
    since, end = read["from"], read["until"]
    if since is None or end is None:
        raise Invalid(errors)
    return since, end


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=PRIVATE_FOLDER)
    except OSError as error:
        message = f"{folder} cannot be made ({error.strerror})"
        remedy = "give a folder that is not there yet"
        raise Invalid([FieldError("out", Fault.TAKEN, message, remedy)]) from error


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
