"""The files of one installation: written by `plan`, read by `run`."""

import json
import secrets
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firmware_sim.hardware import (
    READER_INPUTS,
    BoardFitting,
    Bus,
    Fitting,
    Hardware,
    Network,
    Site,
)
from firmware_sim.street import Street, street_document

OSDP_KEY = 16
SMART_DOOR_KEY = 32
GATEWAY_DATA = "gateway-data"
REGISTRY_KEY = "registry.pub"
_UNLOCK_SECONDS = 5.0
_BOARD_HOST = "127.0.0.1"
_ESP_TOPICS = "rfid"


class FilesDamaged(Exception):
    """What `plan` wrote can no longer be read."""


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Name the folder when a file in it is not as `plan` wrote it."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise FilesDamaged(f"the files in {folder} are damaged: {error!r}") from error


def write_installation(
    folder: Path, street: Street, hardware: Hardware, registry: str
) -> None:
    """Write everything the registry, the gateway and the simulator start from.

    Keys are fresh random ones every time; all else follows from the plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = json.dumps(street_document(street), ensure_ascii=False, indent=1)
    (folder / "street.json").write_text(document + "\n", encoding="utf-8")
    (folder / "sim.toml").write_text(_simulator(hardware), encoding="utf-8")
    (folder / "gateway.toml").write_text(
        _gateway(street.gateways[0].id, hardware, registry), encoding="utf-8"
    )
    keys = folder / "keys.toml"
    keys.touch(mode=0o600)
    keys.chmod(0o600)
    keys.write_text(_keys(hardware), encoding="utf-8")


def read_hardware(folder: Path) -> Hardware:
    """Read `sim.toml`."""
    document = tomllib.loads((folder / "sim.toml").read_text("utf-8"))
    return Hardware(
        seed=document["seed"],
        site=Site(document["broker"], document["board_port"], document["event_port"]),
        buses=tuple(
            Bus(bus["name"], bus["baud"], _fittings(bus["readers"]), bus["secure"])
            for bus in document.get("buses", ())
        ),
        locks=_fittings(document["locks"]),
        boards=tuple(
            BoardFitting(
                board["serial"],
                board["size"],
                Network(board["network"]),
                _fittings(board["doors"]),
            )
            for board in document.get("boards", ())
        ),
        esps=_fittings(document["esps"]),
    )


def esp_topic(esp: Fitting) -> str:
    """Return the topic a device has for itself."""
    return f"{_ESP_TOPICS}/{esp.id}"


def read_keys(folder: Path) -> dict[str, bytes]:
    """Read `keys.toml`: the key of every controller."""
    document = tomllib.loads((folder / "keys.toml").read_text("utf-8"))
    return {controller: bytes.fromhex(key) for controller, key in document.items()}


def _fittings(rows: Iterable[dict[str, Any]]) -> tuple[Fitting, ...]:
    return tuple(Fitting(**row) for row in rows)


def _simulator(hardware: Hardware) -> str:
    site = hardware.site
    lines = [f"seed = {hardware.seed}", _pair("broker", site.broker)]
    lines += [_pair("board_port", site.board_port)]
    lines += [_pair("event_port", site.event_port)]
    lines += _table("locks", map(asdict, hardware.locks))
    lines += _table("esps", map(asdict, hardware.esps))
    for bus in hardware.buses:
        lines += ["", "[[buses]]", _pair("name", bus.name), _pair("baud", bus.baud)]
        lines += [_pair("secure", bus.secure)]
        lines += _table("readers", map(asdict, bus.readers))
    for board in hardware.boards:
        lines += ["", "[[boards]]", _pair("serial", board.serial)]
        lines += [_pair("size", board.size), _pair("network", board.network)]
        lines += _table("doors", map(asdict, board.doors))
    return "\n".join(lines) + "\n"


def _gateway(gateway: str, hardware: Hardware, registry: str) -> str:
    lines = [
        _pair("id", gateway),
        _pair("data", GATEWAY_DATA),
        _pair("keys", "keys.toml"),
        "",
        "[registry]",
        _pair("url", registry),
        _pair("public_key", REGISTRY_KEY),
    ]
    for bus in hardware.buses:
        lines += ["", "[[lines]]", _pair("name", bus.name), _pair("protocol", "osdp")]
        lines += [_pair("port", f"lines/{bus.name}"), _pair("baud", bus.baud)]
        readers = [_reader(each, secure=bus.secure) for each in bus.readers]
        lines += _table("controllers", readers)
    broker = _pair("broker", hardware.site.broker)
    if hardware.locks:
        lines += ["", "[[lines]]", _pair("name", "smart-doors")]
        lines += [_pair("protocol", "smart_door"), broker]
        lines += _table("controllers", map(_lock, hardware.locks))
    for network in Network:
        boards = [board for board in hardware.boards if board.network is network]
        if boards:
            lines += ["", "[[lines]]", _pair("name", f"boards-{network}")]
            lines += [_pair("protocol", "uhppote"), _pair("network", network)]
            udp = network is Network.UDP
            port = f":{hardware.site.event_port}" if udp else ""
            lines += [_pair("bind", _BOARD_HOST + port)]
            lines += _table("controllers", _relays(boards, hardware.site.board_port))
    if hardware.esps:
        lines += ["", "[[lines]]", _pair("name", "esp-rfid")]
        lines += [_pair("protocol", "esp_rfid"), broker]
        lines += _table("controllers", map(_esp, hardware.esps))
    return "\n".join(lines) + "\n"


def _reader(reader: Fitting, *, secure: bool) -> dict[str, Any]:
    return {
        "id": reader.id,
        "door": reader.door,
        "address": str(reader.address),
        "unlock_seconds": _UNLOCK_SECONDS,
        "secure": secure,
        "wiegand": "standard",
        "inputs": [contact.value for contact in READER_INPUTS],
    }


def _lock(lock: Fitting) -> dict[str, Any]:
    return {"id": lock.id, "door": lock.door, "address": lock.id}


def _relays(boards: Iterable[BoardFitting], port: int) -> Iterator[dict[str, Any]]:
    for board in boards:
        for each in board.doors:
            yield {
                "id": each.id,
                "door": each.door,
                "address": f"{board.serial}/{each.address}@{_BOARD_HOST}:{port}",
                "unlock_seconds": _UNLOCK_SECONDS,
            }


def _esp(esp: Fitting) -> dict[str, Any]:
    return {"id": esp.id, "door": esp.door, "address": esp_topic(esp)}


def _keys(hardware: Hardware) -> str:
    secure = [bus for bus in hardware.buses if bus.secure]
    readers = [reader.id for bus in secure for reader in bus.readers]
    sizes = dict.fromkeys(readers, OSDP_KEY)
    sizes |= {lock.id: SMART_DOOR_KEY for lock in hardware.locks}
    return "".join(
        f'{controller} = "{secrets.token_hex(size)}"\n'
        for controller, size in sizes.items()
    )


def _table(name: str, rows: Iterable[dict[str, Any]]) -> list[str]:
    body = [
        "  { " + ", ".join(_pair(key, value) for key, value in row.items()) + " },"
        for row in rows
    ]
    return [f"{name} = [", *body, "]"]


def _pair(key: str, value: str | float | bool | list[str]) -> str:  # noqa: FBT001  TOML has flags
    # What JSON calls a string, a number or a flag is the same in TOML.
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
