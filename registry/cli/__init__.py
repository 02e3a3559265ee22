"""`menhu-registry`: set up, fill, serve and check a registry."""

from registry.cli import exchange, history, policies, sheets, tokens
from registry.cli.program import program

__all__ = ["exchange", "history", "main", "policies", "program", "sheets", "tokens"]


def main() -> None:
    """Run the program."""
    program()
