"""Commissions one reader of an installation that may not be complete yet."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from controller.cose import Signer
from controller.protocols.osdp.commands import KEY_LENGTH
from controller.protocols.osdp.frames import BROADCAST
from controller.uplink.commissioning import OPERATOR
from controller.vocabulary import ControllerId
from gateway.commissioning.bench import Bench
from gateway.commissioning.dialogue import CommissioningFailed, Plan
from gateway.commissioning.dialogue import commission as dialogue
from gateway.commissioning.keeping import record_of, write_record
from gateway.config.checks import BAUD_RATES
from gateway.config.keys import HeldKeys, put_keys, read_keys
from gateway.config.reading import read_config, read_toml
from gateway.config.settings import Config, ControllerSection, LineSection
from gateway.device import read_key
from gateway.store.state import KnownReader, State


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever stands at the door: an id, how to speak to them, how to ask them."""

    id: str
    say: Callable[[str], None]
    ask: Callable[[str], bool]


def commission(
    path: Path, controller: str, patience: float, operator: Operator
) -> Path:
    """Bring a reader into service and return its signed record's path."""
    if not OPERATOR.fullmatch(operator.id):
        raise CommissioningFailed(
            f"{operator.id!r} is no operator's id: letters, digits, '.', '_', '-'"
        )
    config, folder = read_config(path), path.resolve().parent
    line, section = _section(config, controller)
    signer = Signer(read_key(folder / config.data), config.id)
    keys = _keys(folder / config.keys, controller)
    plan = Plan(
        ControllerId(controller),
        int(section.address),
        line.baud,
        keys.key,
        patience,
        keys.next_key,
    )
    with Bench(folder / (line.port or ""), operator.say, operator.ask) as bench:
        bench.places = _places(plan, line)
        found = bench.run(dialogue(plan))
    _accept(folder / config.data, plan.controller, found.identity)
    record = record_of(plan, section.door, found, operator.id)
    return write_record(folder / config.data, record, signer)


def _section(config: Config, controller: str) -> tuple[LineSection, ControllerSection]:
    for line in config.lines:
        for section in line.controllers:
            if section.id == controller:
                if line.protocol != "osdp" or not section.address.isdecimal():
                    raise CommissioningFailed(f"{controller} is no OSDP reader")
                return line, section
    known = ", ".join(each.id for line in config.lines for each in line.controllers)
    raise CommissioningFailed(f"no controller {controller!r}. Controllers: {known}")


def _accept(data: Path, controller: ControllerId, identity: str) -> None:
    """Make the reader the one that belongs here, and where the configuration says."""
    with closing(State(data / "state.db")) as state:
        state.keep_reader(KnownReader(controller, identity, identity))


def _keys(path: Path, controller: str) -> HeldKeys:
    """Return the reader's key, made and written down before anything is sent.

    One that is there already is used again: an earlier attempt may have been cut off.
    """
    known = read_toml(path).get(controller) if path.exists() else None
    if known is not None:
        try:
            return read_keys(known)
        except ValueError as error:
            raise CommissioningFailed(
                f"{path}: {controller} is no string of hex digits"
            ) from error
    keys = HeldKeys(os.urandom(KEY_LENGTH))
    put_keys(path, controller, keys)
    return keys


def _places(plan: Plan, line: LineSection) -> Iterator[tuple[int, list[int]]]:
    """Look where the reader should be, then wherever no other reader belongs."""
    yield plan.baud, [plan.address]
    others = {one.address for one in line.controllers if one.id != plan.controller}
    free = [at for at in range(BROADCAST) if str(at) not in others]
    for baud in (plan.baud, *(baud for baud in BAUD_RATES if baud != plan.baud)):
        yield baud, free
