"""Orders of an operator to the running daemon, and whatever else comes in there."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from controller.vocabulary import ControllerId
from gateway.control import SOCKET, obey, order
from gateway.errors import GatewayError
from gateway.sockets import connected


async def greet(controller: ControllerId) -> str:
    if controller == "stranger":
        raise GatewayError("no such reader")
    return f"{controller} was greeted"


async def say(folder: Path, line: bytes) -> bytes:
    """Send raw bytes and return what comes back."""

    def talk() -> bytes:
        with connected(folder, SOCKET, 10) as connection:
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(4096), b""))

    return await asyncio.to_thread(talk)


async def test_a_deed_is_done_and_told(tmp_path: Path) -> None:
    async with obey(tmp_path, {"greet": greet}):
        said = await asyncio.to_thread(order, tmp_path, "greet", "reader-1")
        assert said == "reader-1 was greeted"
        assert (tmp_path / SOCKET).stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / SOCKET).exists()


async def test_what_is_refused_is_an_error_with_its_reason(tmp_path: Path) -> None:
    async with obey(tmp_path, {"greet": greet}):
        for deed, name, reason in (
            ("greet", "stranger", "no such reader"),
            ("shout", "reader-1", "do one of greet"),
        ):
            with pytest.raises(GatewayError, match=reason):
                await asyncio.to_thread(order, tmp_path, deed, name)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"\xff\n",
        b"[]\n",
        b'{"do": []}\n',
        b'{"do": "greet"}\n',
        b'{"do": "greet", "controller": 7}\n',
        b"x" * 5_000,
    ],
)
async def test_any_bytes_are_answered_with_a_refusal(
    tmp_path: Path, line: bytes
) -> None:
    async with obey(tmp_path, {"greet": greet}):
        assert "refused" in json.loads(await say(tmp_path, line))
        assert "done" in json.loads(
            await say(tmp_path, b'{"do": "greet", "controller": "a"}\n')
        )


async def test_a_daemon_that_dies_meanwhile_is_told_of(tmp_path: Path) -> None:
    async def hang_up(
        _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / SOCKET)
    async with server:
        with pytest.raises(GatewayError, match=r"breaks off|no gateway answers"):
            await asyncio.to_thread(order, tmp_path, "greet", "reader-1")
