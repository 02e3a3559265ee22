"""What holds for every test."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.postgresql import (
    IN_THE_FOLDER,
    Databases,
    NewDatabase,
    databases,
)

# Jobs in the background ignore Ctrl-C, and so would the processes tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
settings.register_profile("steady", deadline=None, max_examples=40)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Databases]:
    """Run one server for all tests of this process."""
    with databases() as ready:
        yield ready


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> NewDatabase:
    """Run a test on a database of each kind."""
    if request.param == "sqlite":
        return IN_THE_FOLDER
    ready: Databases = request.getfixturevalue("postgresql")
    return ready
