"""`menhu-registry policy`: deadlines, periods and amounts."""

from typing import Annotated

import typer

from registry.cli.program import CLI, OPERATOR, program, services_of, told
from registry.domain.errors import NotFound
from registry.domain.policy.form import PolicyForm
from registry.domain.policy.history import details, overview, said
from registry.domain.policy.value import Jurisdiction

policy = typer.Typer(
    no_args_is_help=True,
    help="Show and change deadlines, periods and amounts.",
    epilog="Example: menhu-registry policy list door_grace",
)
program.add_typer(policy, name="policy")


@policy.command("list")
def list_policy(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(help="A key, to see all its values and their sources.")
    ] = "",
) -> None:
    """List what is in force today, or everything known of one key.

    Example: menhu-registry policy list lease_filing
    """
    with told(), services_of(context) as services:
        with services.store.reading() as uow:
            histories = services.policies.histories(uow)
        shown = [each for each in histories if key in ("", each.key)]
        if not shown:
            raise NotFound(f"there is no key {key!r}: leave it out to see them all")
    for history in shown:
        typer.echo(overview(history))
        for line in details(history) if key else ():
            typer.echo(line)


@policy.command("set")
def set_policy(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="What to change; `policy list` names it.")],
    amount: Annotated[str, typer.Argument(help="A whole number.")],
    *,
    valid_from: Annotated[str, typer.Option("--from", help="The first day.")],
    source: Annotated[str, typer.Option(help="The law and article, or why.")],
    reason: Annotated[str, typer.Option(help="Why it is recorded now.")],
    operator: Annotated[str, typer.Option(help="Who records it.")] = OPERATOR,
    valid_to: Annotated[
        str, typer.Option("--until", help="The first day it holds no more.")
    ] = "",
    unit: Annotated[str, typer.Option(help="As before, unless given.")] = "",
    place: Annotated[
        str, typer.Option(help="Whose rule: china, guangdong, guangzhou or street.")
    ] = Jurisdiction.STREET,
    verification: Annotated[
        str, typer.Option(help="official_text, partial_text or unverified.")
    ] = "",
    enforced: Annotated[
        bool, typer.Option("--on/--off", help="Whether rules act on it.")
    ] = True,
) -> None:
    """Record a value that holds from a day on; nothing recorded before is lost.

    Example: menhu-registry policy set door_grace 21 --from 2027-01-01
    --source "street's own rule: three weeks" --reason "decided on 1 December"
    """
    form = PolicyForm(
        key=key,
        amount=amount,
        valid_from=valid_from,
        source=source,
        operator=operator,
        reason=reason,
        valid_to=valid_to,
        unit=unit,
        jurisdiction=place,
        verification=verification,
        enforced=enforced,
    )
    with told(), services_of(context) as services, services.store.writing() as uow:
        value = services.policies.add(uow, form, CLI)
    typer.echo(f"{value.key} is {said(value)} from {value.valid_from} on")
