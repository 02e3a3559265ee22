"""What holds for every test."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings

JOURNEYS = Path(__file__).parent / "journeys"

# How long an example takes says more about the machine than about the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Let one journey run at a time: each is a whole street of processes."""
    for item in items:
        if item.path.is_relative_to(JOURNEYS):
            item.add_marker(pytest.mark.xdist_group("journeys"))
