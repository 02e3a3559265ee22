"""`menhu-registry`: set up, fill, serve and check a registry."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from sqlalchemy.exc import DatabaseError

from registry.assembly import build_services, now
from registry.audit.trail import verify
from registry.domain.errors import Invalid, RegistryError
from registry.services.installation import Installation
from registry.services.registry_services import Services
from registry.settings import Settings, is_loopback

OPERATOR, CLI = "operator", "cli"
FAULT, USAGE = 1, 2


program = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Set up, fill, serve and check a registry.",
    epilog="Example: menhu-registry --data DIR migrate && "
    "menhu-registry --data DIR seed street.json && menhu-registry --data DIR serve",
)
audit = typer.Typer(no_args_is_help=True, help="Check the audit trail.")
program.add_typer(audit, name="audit")


@program.callback()
def options(
    context: typer.Context,
    data: Annotated[
        Path, typer.Option(envvar="MENHU_DATA", help="The data folder.")
    ] = Path("registry-data"),
    database: Annotated[
        str | None,
        typer.Option(
            envvar="MENHU_DATABASE_URL",
            metavar="URL",
            help="A PostgreSQL database, postgresql://USER@HOST/NAME, instead of a "
            "file in the data folder. Keep its password in ~/.pgpass.",
        ),
    ] = None,
) -> None:
    """Set up, fill, serve and check a registry."""
    url = None if database is None else SecretStr(database)
    context.obj = Settings(data=data, database_url=url)


@program.command()
def migrate(context: typer.Context) -> None:
    """Make the data folder, keys and database, or bring them up to date.

    Example: menhu-registry --data DIR migrate
    """
    at = settings(context)
    with told():
        installation = Installation(at)
        revision = installation.migrate()
    typer.echo(f"{installation.place} is at revision {revision}")
    typer.echo(f"gateways need {at.public_key}")


@program.command()
def seed(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A street.json.", dir_okay=False)],
) -> None:
    """Import a street; what is on record already stays as it is.

    Example: menhu-registry --data DIR seed street.json
    """
    with told(), services_of(context) as services:
        document = _load(file)
        with (
            typer.progressbar(length=len(services.seeding.steps) + 1) as bar,
            services.store.writing() as uow,
        ):
            imported = services.seeding.load(
                uow, document, OPERATOR, lambda _what, _count: bar.update(1)
            )
    for what, count in imported.added.items():
        typer.echo(f"{count:>8} new {what}")
    typer.echo(f"permits are at revision {imported.revision}")


@program.command()
def enroll(
    context: typer.Context,
    gateway: Annotated[str, typer.Argument(help="The gateway's id.")],
    public_key: Annotated[
        Path, typer.Option(help="The gateway's device.pub.", dir_okay=False)
    ],
) -> None:
    """Let a gateway speak under its public key.

    Example: menhu-registry enroll gateway-1 --public-key gateway-data/device.pub
    """
    with told(), services_of(context) as services:
        pem = _text(public_key)
        with services.store.writing() as uow:
            services.gateways.enroll(uow, gateway, pem, OPERATOR)
    typer.echo(f"{gateway} is enrolled")


@program.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
) -> None:
    """Serve gateways, the API and the pages until interrupted.

    Example: menhu-registry --data DIR serve --port 8080
    """
    if not is_loopback(host):
        typer.echo(
            f"{host} is not a loopback address, and this version has no sign-in: "
            "whoever reaches the port may do everything. Use 127.0.0.1.",
            err=True,
        )
        raise typer.Exit(USAGE)
    # The one command that needs a web server does not slow down the others.
    from registry.server import serve as run  # noqa: PLC0415 - see above

    with told():
        run(settings(context), host, port, typer.echo)


@program.command()
def doctor(context: typer.Context) -> None:
    """Say what is missing or unsafe, and the remedy.

    Example: menhu-registry --data DIR doctor
    """
    findings = Installation(settings(context)).findings(now())
    for finding in findings:
        typer.echo(f"{finding.what}: {finding.remedy}", err=True)
    if findings:
        raise typer.Exit(FAULT)
    typer.echo("everything is in order")


@audit.command("verify")
def verify_audit(context: typer.Context) -> None:
    """Check that no entry of the audit trail was changed or taken out.

    Example: menhu-registry --data DIR audit verify
    """
    with (
        told(),
        closing(Installation(settings(context)).store()) as store,
        store.reading() as uow,
    ):
        verdict = verify(uow)
    if verdict.broken is not None:
        typer.echo(
            f"entry {verdict.broken} does not follow from what came before it: "
            "compare with a backup",
            err=True,
        )
        raise typer.Exit(FAULT)
    typer.echo(f"{verdict.entries} entries hold; head {verdict.head.hex()}")


def settings(context: typer.Context) -> Settings:
    """Return the settings the command line gave."""
    given: Settings = context.obj
    return given


@contextmanager
def services_of(context: typer.Context) -> Iterator[Services]:
    """Open the services of the installation, and close them."""
    services = build_services(settings(context))
    with closing(services.store):
        yield services


@contextmanager
def told() -> Iterator[None]:
    """Tell an error in words and leave with a code, not with a trace."""
    try:
        yield
    except RegistryError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USAGE if isinstance(error, Invalid) else FAULT) from error
    except DatabaseError as error:
        typer.echo(
            f"the database cannot be used ({error.orig}): "
            "`menhu-registry doctor` says more",
            err=True,
        )
        raise typer.Exit(FAULT) from error


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        typer.echo(f"{file} cannot be read: {error}", err=True)
        raise typer.Exit(USAGE) from error


def _load(file: Path) -> object:
    try:
        document: object = json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        typer.echo(f"{file} is not JSON: {error}", err=True)
        raise typer.Exit(USAGE) from error
    return document
