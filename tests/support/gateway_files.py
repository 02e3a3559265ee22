"""The files of a small installation: one reader on a bus, one smart door."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

READER_KEY, LOCK_KEY = bytes(range(16)), bytes(range(32))
CONFIG = """\
id = "gateway-1"
data = "gateway-data"
keys = "keys.toml"
ballast_megabytes = 1
[registry]
url = "http://127.0.0.1:8080"
public_key = "registry.pub"
[[lines]]
name = "bus-01"
protocol = "osdp"
port = "lines/bus-01"
baud = 9600
controllers = [
  { id = "reader-1", door = "front", address = "0", unlock_seconds = 5.0 },
]
[[lines]]
name = "smart-doors"
protocol = "smart_door"
broker = "127.0.0.1:1883"
controllers = [{ id = "lock-1", door = "back", address = "lock-1" }]
"""
PANEL = """\
[[lines]]
name = "panels"
protocol = "uhppote"
network = "udp"
bind = "127.0.0.1:60001"
controllers = [{ id = "panel-1", door = "side", address = "7/2@127.0.0.1" }]
"""
"""One more line: a board on a network."""
KEYS = f'reader-1 = "{READER_KEY.hex()}"\nlock-1 = "{LOCK_KEY.hex()}"\n'


def install(
    folder: Path, registry: Ed25519PublicKey, config: str = CONFIG, keys: str = KEYS
) -> Path:
    """Write all files; returns gateway.toml."""
    (folder / "registry.pub").write_bytes(
        registry.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (folder / "keys.toml").write_text(keys)
    (folder / "keys.toml").chmod(0o600)
    path = folder / "gateway.toml"
    path.write_text(config)
    return path
