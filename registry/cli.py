"""`menhu-registry`: set up, fill, serve and check a registry."""

import json
from pathlib import Path
from typing import Annotated

import typer

from registry.assembly import build_services, now
from registry.audit.trail import verify
from registry.domain.principals import Role
from registry.services.access import TOKEN_DAYS, Wish
from registry.services.installation import Installation
from registry.settings import Settings, is_loopback
from registry.sheet_commands import export, imports
from registry.terminal import FAULT, OPERATOR, USAGE
from registry.terminal import settings_of as _settings
from registry.terminal import told as _told

program = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Set up, fill, serve and check a registry.",
    epilog="Example: menhu-registry --data DIR migrate && "
    "menhu-registry --data DIR seed street.json && menhu-registry --data DIR serve",
)
audit = typer.Typer(no_args_is_help=True, help="Check the audit trail.")
program.add_typer(audit, name="audit")
tokens = typer.Typer(no_args_is_help=True, help="Tokens for callers of the API.")
program.add_typer(tokens, name="token")
program.add_typer(imports, name="import")
program.command()(export)


@program.callback()
def options(
    context: typer.Context,
    data: Annotated[
        Path, typer.Option(envvar="MENHU_DATA", help="The data folder.")
    ] = Path("registry-data"),
) -> None:
    """Set up, fill, serve and check a registry."""
    context.obj = Settings(data=data)


@program.command()
def migrate(context: typer.Context) -> None:
    """Make the data folder, keys and database, or bring them up to date.

    Example: menhu-registry --data DIR migrate
    """
    settings = _settings(context)
    with _told():
        revision = Installation(settings).migrate()
    typer.echo(f"{settings.database} is at revision {revision}")
    typer.echo(f"gateways need {settings.public_key}")


@program.command()
def seed(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A street.json.", dir_okay=False)],
) -> None:
    """Import a street; what is on record already stays as it is.

    Example: menhu-registry --data DIR seed street.json
    """
    with _told():
        services = build_services(_settings(context))
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
    with _told():
        services = build_services(_settings(context))
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

    with _told():
        run(_settings(context), host, port, typer.echo)


@program.command()
def doctor(context: typer.Context) -> None:
    """Say what is missing or unsafe, and the remedy.

    Example: menhu-registry --data DIR doctor
    """
    findings = Installation(_settings(context)).findings(now())
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
    with _told():
        store = Installation(_settings(context)).store()
        with store.reading() as uow:
            verdict = verify(uow)
    if verdict.broken is not None:
        typer.echo(
            f"entry {verdict.broken} does not follow from what came before it: "
            "compare with a backup",
            err=True,
        )
        raise typer.Exit(FAULT)
    typer.echo(f"{verdict.entries} entries hold; head {verdict.head.hex()}")


@tokens.command("issue")
def issue_token(
    context: typer.Context,
    role: Annotated[Role, typer.Option(help="What the caller is.")],
    party: Annotated[
        str | None, typer.Option(help="Which landlord or tenant, by party id.")
    ] = None,
    area: Annotated[
        str | None, typer.Option(help="The area staff are bound to, by code.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=366, help="Days it lives.")
    ] = TOKEN_DAYS,
) -> None:
    """Issue a token; its secret is shown this once.

    Example: menhu-registry token issue --role grid_officer --area G001
    """
    with _told():
        services = build_services(_settings(context))
        with services.store.writing() as uow:
            wish = Wish(role, party, area, days)
            token, secret = services.access.issue(uow, wish, OPERATOR)
    typer.echo(
        f"{token.id} until {token.expires_at:%Y-%m-%d}; keep it secret:", err=True
    )
    typer.echo(secret)


@tokens.command("list")
def list_tokens(context: typer.Context) -> None:
    """List every token, the newest first; secrets are not kept.

    Example: menhu-registry token list
    """
    with _told():
        services = build_services(_settings(context))
        with services.store.reading() as uow:
            found = uow.access.tokens()
    for token in found:
        where = token.party or token.area or "the whole street"
        state = "revoked" if token.revoked_at else f"until {token.expires_at:%Y-%m-%d}"
        typer.echo(f"{token.id}  {token.role:<12}  {where:<20}  {state}")
    if not found:
        typer.echo("no token was ever issued", err=True)


@tokens.command("revoke")
def revoke_token(
    context: typer.Context,
    token: Annotated[str, typer.Argument(help="The token's id, not its secret.")],
) -> None:
    """End a token at once.

    Example: menhu-registry token revoke K-0123456789abcdef
    """
    with _told():
        services = build_services(_settings(context))
        with services.store.writing() as uow:
            services.access.revoke(uow, token, OPERATOR)
    typer.echo(f"{token} is revoked")


def main() -> None:
    """Run the program."""
    program()


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
