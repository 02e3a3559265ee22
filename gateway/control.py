"""What an operator asks of the running daemon: one line of JSON each way."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from controller.vocabulary import ControllerId
from gateway.errors import GatewayError
from gateway.sockets import connected, listening

SOCKET = "control.sock"
PATIENCE = 30.0
"""Seconds an operator waits; longer than any deed may take."""
READ_PATIENCE = 5.0
Deeds = Mapping[str, Callable[[ControllerId], Awaitable[str]]]


@asynccontextmanager
async def obey(data: Path, deeds: Deeds) -> AsyncIterator[None]:
    """Do what is asked, and say what came of it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_PATIENCE):
                line = await reader.readline()
            answer = {"done": await _do(line, deeds)}
        except TimeoutError:
            return
        except (GatewayError, ValueError) as error:
            answer = {"refused": str(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()

    async with listening(data, SOCKET, talk):
        yield


def order(data: Path, deed: str, controller: str) -> str:
    """Have a running daemon do something; raises GatewayError with its reason."""
    question = json.dumps({"do": deed, "controller": controller}).encode() + b"\n"
    try:
        with connected(data, SOCKET, PATIENCE) as connection:
            connection.sendall(question)
            with connection.makefile("rb") as stream:
                answer = json.load(stream)
    except OSError as error:
        cause = error.strerror or str(error)
        raise GatewayError(f"no gateway answers in {data}: {cause}") from error
    except ValueError as error:
        raise GatewayError(f"the gateway's answer breaks off: {error}") from error
    if "done" not in answer:
        raise GatewayError(answer["refused"])
    return str(answer["done"])


async def _do(line: bytes, deeds: Deeds) -> str:
    question = json.loads(line)
    if not isinstance(question, dict):
        raise GatewayError("that is no question")
    deed, controller = question.get("do"), question.get("controller")
    if not isinstance(deed, str) or not isinstance(controller, str):
        raise GatewayError("a question names a deed and a controller")
    if deed not in deeds:
        raise GatewayError(f"do one of {', '.join(deeds)}")
    return await deeds[deed](ControllerId(controller))
