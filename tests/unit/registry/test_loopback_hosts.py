"""Only names of this machine are answered."""

import pytest

from registry.api.loopback import is_own
from registry.settings import is_loopback


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.8.8.8:1",
        "localhost",
        "LOCALHOST:8080",
        "[::1]",
        "[::1]:8080",
    ],
)
def test_this_machine(host: str) -> None:
    assert is_own(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":8080",
        "example.org",
        "127.0.0.1.example.org",
        "localhost.example.org:8080",
        "10.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::1",
        "[x]:1",
        "user@evil.example",
        "127.0.0.1@evil.example",
    ],
)
def test_another(host: str) -> None:
    assert not is_own(host)


def test_addresses() -> None:
    assert is_loopback("::1")
    assert not is_loopback("::ffff:10.0.0.1")
