"""What sections must mean together: addresses, protocols, transports, the link."""

import ipaddress
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from controller.errors import ControllerError
from controller.protocols import PROTOCOLS, ProtocolEntry, TransportKind
from controller.session import USUAL_INPUTS, LineSettings, Member
from controller.vocabulary import ControllerId
from gateway.config.problems import Problem, nearest
from gateway.config.settings import Config, ControllerSection, LineSection, Network

Keys = Mapping[str, bytes]
BAUD_RATES = (9600, 19200, 38400, 57600, 115200, 230400)
"""What SIA OSDP v2.2 names for RS-485."""
FIELDS = {
    TransportKind.SERIAL: "port",
    TransportKind.BROKER: "broker",
    TransportKind.NETWORK: "network",
}
EXAMPLES = {"port": "/dev/ttyUSB0", "broker": "127.0.0.1:1883", "network": "udp"}
ANYWHERE = "0.0.0.0"
BIND = "a bind is an IPv4 address, for udp perhaps with a port"


def problems_of(config: Config, keys: Keys | None) -> Iterator[Problem]:
    """Find everything that makes no sense; without keys, everything but those."""
    yield from _check_url(config.registry.url)
    if config.home_assistant is not None:
        yield from _check_broker(config.home_assistant, "home_assistant")
    names = [line.name for line in config.lines]
    yield from _repeated("lines[].name", names)
    everyone = [member for line in config.lines for member in line.controllers]
    yield from _repeated("lines[].controllers[].id", [each.id for each in everyone])
    yield from _repeated("lines[].controllers[].door", [each.door for each in everyone])
    ports = [place for line in config.lines if (place := line.port)]
    yield from _repeated("lines[].port", ports)
    for number, line in enumerate(config.lines):
        yield from _check_line(line, f"lines[{number}]", keys)


def line_settings(line: LineSection, keys: Keys) -> LineSettings:
    """Return a line as its protocol wants it."""
    members = tuple(
        Member(
            ControllerId(each.id),
            each.address,
            keys.get(each.id),
            each.secure,
            each.commissioning,
            unlock_seconds=each.unlock_seconds,
            remove_foreign=line.remove_foreign_cards,
            inputs=each.inputs,
        )
        for each in line.controllers
    )
    return LineSettings(members, line.baud if line.port else 0, _place(line))


def _place(line: LineSection) -> str:
    """Return where devices may speak to us unasked: an address and a port of ours."""
    host, port = bind_address(line.bind)
    return "" if host == ANYWHERE or not port else f"{host}:{port}"


def broker_address(broker: str) -> tuple[str, int]:
    """Return host and port of "host:port", or raise ValueError."""
    parts = urlsplit(f"//{broker}")
    if not parts.hostname or not parts.port or parts.path:
        raise ValueError("a broker is written host:port")
    return parts.hostname, parts.port


def bind_address(bind: str | None) -> tuple[str, int]:
    """Return address and port (0: any) of "address[:port]", or raise ValueError."""
    host, _, port = (ANYWHERE if bind is None else bind).partition(":")
    try:
        address = ipaddress.IPv4Address(host)
        number = int(port) if port.isascii() and port.isdigit() else -1
    except ValueError as error:
        raise ValueError(BIND) from error
    if port and not 0 < number < 2**16:
        raise ValueError(BIND)
    return str(address), max(number, 0)


def _repeated(field: str, values: Iterable[str]) -> Iterator[Problem]:
    for value, times in Counter(values).items():
        if times > 1:
            yield Problem(field, f"{value!r} is used {times} times.", "Make it unique.")


def _check_url(url: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        yield Problem("registry.url", f"is no URL ({error}).", "Write https://host.")
        return
    if parts.scheme not in ("http", "https") or not host:
        yield Problem("registry.url", f"{url!r} is no URL.", "Write https://host.")
    elif parts.scheme == "http" and not _is_loopback(host):
        yield Problem(
            "registry.url",
            "http is allowed to this machine only.",
            "Use https://, or a loopback address such as 127.0.0.1.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_line(line: LineSection, place: str, keys: Keys | None) -> Iterator[Problem]:
    entry = PROTOCOLS.get(line.protocol)
    if entry is None:
        remedy = nearest(line.protocol, PROTOCOLS)
        yield Problem(f"{place}.protocol", f"{line.protocol!r} is not known.", remedy)
        return
    if not line.controllers:
        yield Problem(f"{place}.controllers", "is empty.", "Name who is on the line.")
    wire = list(_check_transport(line, entry, place))
    yield from wire
    yield from _check_foreign(line, entry, place)
    # Of the wire, a line needs to know its place on a network only.
    openable = not any(each.field == f"{place}.bind" for each in wire)
    addresses = [each.address for each in line.controllers]
    found = list(_repeated(f"{place}.controllers[].address", addresses))
    for number, each in enumerate(line.controllers):
        here = f"{place}.controllers[{number}]"
        found += _check_inputs(each, entry, f"{here}.inputs")
        if keys is not None:
            found += _check_key(each, entry, here, keys)
    yield from found
    if keys is not None and openable and not found:
        try:
            entry.open(line_settings(line, keys), 0.0, os.urandom)
        except (ControllerError, ValueError) as error:
            remedy = f"See what {line.protocol} allows."
            yield Problem(f"{place}.controllers", f"{error}.", remedy)


def _check_foreign(
    line: LineSection, entry: ProtocolEntry, place: str
) -> Iterator[Problem]:
    if line.remove_foreign_cards and not entry.capabilities.stores_permits:
        message = f"has no meaning: controllers of {line.protocol} keep no cards."
        yield Problem(f"{place}.remove_foreign_cards", message, "Take it out.")


def _check_transport(
    line: LineSection, entry: ProtocolEntry, place: str
) -> Iterator[Problem]:
    wanted = FIELDS[entry.transport]
    if getattr(line, wanted) is None:
        message = f"is missing: {line.protocol} needs it."
        remedy = f'Add {wanted} = "{EXAMPLES[wanted]}".'
        yield Problem(f"{place}.{wanted}", message, remedy)
    allowed = (wanted, "bind") if wanted == "network" else (wanted,)
    for other in (*FIELDS.values(), "bind"):
        if other not in allowed and getattr(line, other) is not None:
            message = f"has no meaning for {line.protocol}."
            yield Problem(f"{place}.{other}", message, f"Use {wanted} only.")
    if wanted == "network":
        yield from _check_bind(line, entry, place)
    if line.port is not None and line.baud not in BAUD_RATES:
        remedy = f"Use one of {', '.join(map(str, BAUD_RATES))}."
        yield Problem(f"{place}.baud", f"{line.baud} is not usual.", remedy)
    if line.broker is not None:
        yield from _check_broker(line.broker, f"{place}.broker")


def _check_broker(broker: str, field: str) -> Iterator[Problem]:
    try:
        broker_address(broker)
    except ValueError as error:
        yield Problem(field, f"{error}.", "Write 127.0.0.1:1883.")


def _check_bind(
    line: LineSection, entry: ProtocolEntry, place: str
) -> Iterator[Problem]:
    try:
        _, port = bind_address(line.bind)
    except ValueError as error:
        yield Problem(f"{place}.bind", f"{error}.", "Write 192.0.2.1:60001.")
        return
    if port and line.network is Network.TCP:
        message = "a port has no meaning for tcp."
        yield Problem(f"{place}.bind", message, "Write the address alone.")
    if port in entry.ports:
        message = f"{port} is the boards' own port."
        yield Problem(f"{place}.bind", message, f"Use another, such as {port + 1}.")


def _check_inputs(
    each: ControllerSection, entry: ProtocolEntry, place: str
) -> Iterator[Problem]:
    yield from _repeated(place, each.inputs)
    if each.inputs == USUAL_INPUTS:
        return
    if not entry.inputs:
        yield Problem(place, "cannot be chosen for this protocol.", "Take it out.")
    for contact in sorted(set(each.inputs) - entry.inputs if entry.inputs else ()):
        remedy = f"Use {', '.join(sorted(entry.inputs))}."
        yield Problem(place, f"{contact} is no input of its own.", remedy)


def _check_key(
    each: ControllerSection, entry: ProtocolEntry, place: str, keys: Keys
) -> Iterator[Problem]:
    key = keys.get(each.id)
    if entry.key_size == 0:
        if key is not None:
            message = f"{each.id!r} has a key, and its protocol knows none."
            yield Problem(f"{place}.id", message, "Take it out of the keys file.")
        return
    remedy = f'Give {each.id} = "{2 * entry.key_size} hex digits" in the keys file.'
    if key is not None and len(key) != entry.key_size:
        message = f"the key has {len(key)} bytes, not {entry.key_size}."
        yield Problem(f"{place}.id", message, remedy)
    if key is None and each.secure:
        yield Problem(f"{place}.id", f"{each.id!r} has no key.", remedy)
