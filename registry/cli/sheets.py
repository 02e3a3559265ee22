"""`menhu-registry import …` and `export`: sheets in and out, with progress."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from registry.cli.program import FAULT, OPERATOR, USAGE, program, services_of, told
from registry.domain.sheets.jobs import Import, ImportState, RowState
from registry.domain.sheets.kinds import SheetKind
from registry.services.registry_services import Services
from registry.services.sheets.sheet_files import Format, template, write_table

SHOWN = 10
"""Faulty rows shown before they are counted only."""
MOST_LISTED = 50

Job = Annotated[str, typer.Argument(help="The import's id, such as I-0123456789abcdef")]
Source = Annotated[Path, typer.Argument(help="An XLSX or CSV file.", dir_okay=False)]
Target = Annotated[
    Path, typer.Argument(help="Where to write: a .xlsx or .csv file.", dir_okay=False)
]
Kind = Annotated[SheetKind, typer.Argument(help="What the rows are.")]
Yes = Annotated[bool, typer.Option("--yes", help="Record without asking.")]

imports = typer.Typer(
    no_args_is_help=True,
    help="Bring sheets into the register: checked first, undone if need be.",
    epilog="Example: menhu-registry import template units units.xlsx && "
    "menhu-registry import units units.xlsx",
)
program.add_typer(imports, name="import")


def _read(kind: SheetKind) -> Callable[..., None]:
    """Return the command that imports sheets of one kind."""

    def read(
        context: typer.Context,
        file: Source,
        *,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Check the file, record nothing.")
        ] = False,
        yes: Yes = False,
    ) -> None:
        with told(), services_of(context) as services:
            job = services.sheet_imports.read(kind, _bytes(file), OPERATOR, _reading)
            _preview(services, job)
            if dry_run:
                services.sheet_imports.discard(job.id, OPERATOR)
                raise typer.Exit(FAULT if job.count(RowState.FAULTY) else 0)
            if not yes:
                typer.confirm(f"record {job.count(RowState.READY)} rows?", abort=True)
            services.sheet_imports.confirm(job.id, OPERATOR)
            _run(services, job)

    read.__doc__ = f"""Check a sheet of {kind} and record its rows.

    Faulty rows are left over: `import faults` writes them, `import correct` takes
    them back corrected.

    Example: menhu-registry --data DIR import {kind} {kind}.xlsx --dry-run
    """
    return read


for _kind in SheetKind:
    imports.command(_kind.value)(_read(_kind))


@imports.command("template")
def write_template(kind: Kind, out: Target) -> None:
    """Write an empty sheet of a kind with an example and an explanation.

    Example: menhu-registry import template occupants occupants.xlsx
    """
    if _format(out) is not Format.XLSX:
        _leave("a template is an .xlsx file", USAGE)
    _write(out, template(kind))


@imports.command("list")
def list_imports(context: typer.Context) -> None:
    """List the latest imports and how far they are.

    Example: menhu-registry import list
    """
    with told(), services_of(context) as services:
        found = services.sheet_imports.newest(MOST_LISTED)
    for job in found:
        typer.echo(f"{job.id}  {job.kind:<10}  {job.state:<10}  {_counts(job)}")
    if not found:
        typer.echo("nothing was ever imported", err=True)


@imports.command("faults")
def write_faults(context: typer.Context, job: Job, out: Target) -> None:
    """Write the faulty rows of an import as a sheet to be corrected.

    Names are left out; a name that is not given again is kept.

    Example: menhu-registry import faults I-0123456789abcdef faults.xlsx
    """
    form = _format(out)
    with told(), services_of(context) as services:
        table = services.sheet_imports.fault_table(job)
        _write(out, b"".join(write_table(form, "faults", table)))


@imports.command("correct")
def correct(
    context: typer.Context, job: Job, file: Source, *, yes: Yes = False
) -> None:
    """Take corrected rows in place of faulty ones, and go on.

    Example: menhu-registry import correct I-0123456789abcdef faults.xlsx
    """
    with told(), services_of(context) as services:
        changed = services.sheet_imports.correct(job, _bytes(file), OPERATOR)
        _preview(services, changed)
        _go_on(services, changed, yes=yes)


@imports.command("resume")
def resume(context: typer.Context, job: Job, *, yes: Yes = False) -> None:
    """Go on with an import, or with its undoing, from where it stopped.

    Example: menhu-registry import resume I-0123456789abcdef
    """
    with told(), services_of(context) as services:
        _go_on(services, services.sheet_imports.get(job), yes=yes)


@imports.command("undo")
def undo(context: typer.Context, job: Job) -> None:
    """Take back everything an import recorded, unless it was changed since.

    Example: menhu-registry import undo I-0123456789abcdef
    """
    with told(), services_of(context) as services:
        _run(services, services.sheet_imports.undo(job))


@imports.command("discard")
def discard(context: typer.Context, job: Job) -> None:
    """Forget rows that are not on record; what is on record stays.

    Example: menhu-registry import discard I-0123456789abcdef
    """
    with told(), services_of(context) as services:
        left = services.sheet_imports.discard(job, OPERATOR)
    typer.echo(f"{left.id} is {left.state}: {_counts(left)}")


@program.command()
def export(
    context: typer.Context,
    kind: Kind,
    out: Target,
    *,
    names: Annotated[
        str | None,
        typer.Option(help="Why names are needed; every one is noted in the trail."),
    ] = None,
) -> None:
    """Write the register as a sheet that can be imported again.

    Example: menhu-registry export occupants occupants.xlsx --names "annual check"
    """
    form = _format(out)
    with told(), services_of(context) as services:
        exports = services.sheet_exports
        with services.store.writing() as uow:
            called = exports.begin(uow, kind, OPERATOR, names)
        with services.store.reading() as uow:
            table = exports.table(uow, kind, called)
            _write(out, b"".join(write_table(form, kind.value, table)))


def _go_on(services: Services, job: Import, *, yes: bool) -> None:
    if job.state is ImportState.CHECKED:
        if not yes:
            typer.confirm(f"record {job.count(RowState.READY)} rows?", abort=True)
        job = services.sheet_imports.confirm(job.id, OPERATOR)
    _run(services, job)


def _run(services: Services, job: Import) -> None:
    """Let an import go on to its end under a progress bar; say how it ended."""
    back = job.state is ImportState.UNDOING
    moving = RowState.UNDONE if back else RowState.APPLIED
    length = job.rows if back else job.rows - job.count(RowState.FAULTY)
    with typer.progressbar(length=length, file=sys.stderr) as bar:
        bar.update(job.count(moving))
        done = services.sheet_imports.run(
            job.id, OPERATOR, lambda now: bar.update(now.count(moving) - bar.pos)
        )
    typer.echo(f"{done.id} is {done.state}: {_counts(done)}")
    if done.state is ImportState.FAULTY:
        _leave(f"`import faults {done.id} faults.xlsx` writes what is left", FAULT)


def _preview(services: Services, job: Import) -> None:
    typer.echo(f"{job.id}: {_counts(job)}")
    shown = services.sheet_imports.faulty(job.id, SHOWN)
    for row in shown:
        for fault in row.faults:
            error = fault.field_error()
            typer.echo(f"{error.field}: {error.message}; {error.remedy}", err=True)
    more = job.count(RowState.FAULTY) - len(shown)
    if more > 0:
        typer.echo(f"and {more} more faulty rows", err=True)


def _counts(job: Import) -> str:
    return ", ".join(f"{job.counts[s]} {s}" for s in RowState if job.count(s)) or "-"


def _reading(rows: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{rows} rows read", nl=False, err=True)


def _format(out: Path) -> Format:
    try:
        return Format(out.suffix.removeprefix(".").casefold())
    except ValueError:
        _leave(f"{out} is neither a .xlsx nor a .csv file", USAGE)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        _leave(f"{file} cannot be read: {error.strerror}", USAGE)


def _write(out: Path, content: bytes) -> None:
    try:
        out.touch(mode=0o600)
        out.write_bytes(content)
    except OSError as error:
        _leave(f"{out} cannot be written: {error.strerror}", USAGE)
    typer.echo(f"{out} is written")


def _leave(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
