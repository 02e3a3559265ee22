"""A broker of our own on loopback: mosquitto where there is one, amqtt otherwise."""

import os
import random
import shutil
import socket
import sys
from itertools import islice
from pathlib import Path

_SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"

_PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections of their own accord."""

_MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
log_type error
log_type warning
log_type notice
"""

_AMQTT = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""


def find_mosquitto() -> str | None:
    """Return the path of mosquitto, which Debian keeps off ordinary people's path."""
    path = os.pathsep.join((os.environ.get("PATH", ""), _SYSTEM_FOLDERS))
    return shutil.which("mosquitto", path=path)


def broker_command(folder: Path, port: int, mosquitto: str | None) -> list[str]:
    """Write a broker's settings into a folder and return what starts it."""
    if mosquitto:
        settings = folder / "mosquitto.conf"
        settings.write_text(_MOSQUITTO.format(port=port), encoding="utf-8")
        return [mosquitto, "-c", str(settings)]
    settings = folder / "amqtt.yaml"
    settings.write_text(_AMQTT.format(port=port), encoding="utf-8")
    return [sys.executable, "-m", "amqtt.scripts.broker_script", "-c", str(settings)]


def free_ports(count: int) -> list[int]:
    """Return different loopback ports nobody has, TCP or UDP, nor will by chance."""
    shuffled = random.sample(_PORTS, len(_PORTS))
    return list(islice(filter(_is_free, shuffled), count))


def _is_free(port: int) -> bool:
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    return all(_can_bind(port, kind) for kind in kinds)


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
