"""What the demo asks of the registry and of the simulator, over loopback HTTP."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

_TIMEOUT = 90.0
_GATEWAY_TIMEOUT = 5.0
_PAGE = 5000
_OK = range(200, 300)


class NoAnswer(Exception):
    """A service did not answer, or not well."""


class Api:
    """JSON over HTTP with a service of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str) -> dict[str, Any]:
        """Fetch a JSON object; raises NoAnswer."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a JSON object and return the answer; raises NoAnswer."""
        return self._ask("POST", path, json.dumps(body))

    def answers(self, path: str) -> bool:
        """Say whether a path is served well."""
        try:
            self._ask("GET", path, None)
        except NoAnswer:
            return False
        return True

    def _ask(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read()
            if response.status not in _OK:
                raise NoAnswer(f"{method} {path}: {response.status} {text[:200]!r}")
            answer: dict[str, Any] = json.loads(text)
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswer(f"{method} {path}: {error}") from error
        finally:
            connection.close()
        return answer


def outbox_depth(gateway_data: Path) -> int | None:
    """Ask the gateway how many passages have no receipt yet; None: it does not say."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_GATEWAY_TIMEOUT)
            connection.connect(str(gateway_data / "status.sock"))
            with connection.makefile("rb") as stream:
                depth: int = json.load(stream)["outbox"]["depth"]
                return depth
    except (OSError, ValueError, KeyError):
        return None


def passages(registry: Api, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the registry's passages behind a number."""
    return _pages(registry, "passages", after)


def unwatched(registry: Api) -> Iterator[dict[str, Any]]:
    """Yield the spans in which doors may have been used unseen."""
    return _pages(registry, "unwatched", 0)


def doors(registry: Api) -> list[dict[str, Any]]:
    """Return every door as the registry knows it."""
    found: list[dict[str, Any]] = registry.get("/api/doors")["doors"]
    return found


def doors_ready(registry: Api) -> tuple[int, int, int]:
    """Return how many doors there are, are online, and hold their permits."""
    found = doors(registry)
    online = sum(door["online"] for door in found)
    held = sum(door["acknowledged"] >= door["wanted"] for door in found)
    return len(found), online, held


def _pages(registry: Api, kind: str, after: int) -> Iterator[dict[str, Any]]:
    while True:
        page = registry.get(f"/api/{kind}?after={after}&limit={_PAGE}")
        yield from page[kind]
        if not page[kind]:
            return
        after = page["next"]
