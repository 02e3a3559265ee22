"""What every command of `menhu-registry` shares: its settings, and errors in words."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import DatabaseError

from registry.domain.errors import Invalid, RegistryError
from registry.settings import Settings

OPERATOR = "operator"
FAULT, USAGE = 1, 2


def settings_of(context: typer.Context) -> Settings:
    """Return the settings the command was started with."""
    settings: Settings = context.obj
    return settings


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
