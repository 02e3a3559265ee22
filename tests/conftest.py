"""What holds for every test."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.postgresql import Databases, databases

# Jobs in the background ignore Ctrl-C, and so would the processes tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Databases]:
    """Run one server for all tests of this process."""
    with databases() as ready:
        yield ready
