"""`menhu-registry token`: tokens for callers of the API."""

from typing import Annotated

import typer

from registry.cli.program import OPERATOR, program, services_of, told
from registry.domain.principals import Role
from registry.services.access import TOKEN_DAYS, Wish

tokens = typer.Typer(no_args_is_help=True, help="Tokens for callers of the API.")
program.add_typer(tokens, name="token")


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
    with told(), services_of(context) as services, services.store.writing() as uow:
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
    with told(), services_of(context) as services, services.store.reading() as uow:
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
    with told(), services_of(context) as services, services.store.writing() as uow:
        services.access.revoke(uow, token, OPERATOR)
    typer.echo(f"{token} is revoked")
