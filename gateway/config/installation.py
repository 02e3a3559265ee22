"""An installation read from disk: sections, keys, paths."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway.config.checks import problems_of
from gateway.config.keys import HeldKeys, read_keys
from gateway.config.problems import ConfigInvalid, Problem
from gateway.config.reading import read_config, read_toml
from gateway.config.settings import Config, LineSection


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a daemon must know before it starts."""

    folder: Path
    config: Config
    keys: Mapping[str, bytes]
    registry_key: Ed25519PublicKey
    next_keys: Mapping[str, bytes] = field(default_factory=dict)
    """Keys that readers may hold since a rotation began."""

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / self.config.data

    @property
    def keys_file(self) -> Path:
        """The keys file."""
        return self.folder / self.config.keys

    def port(self, line: LineSection) -> Path:
        """Return the serial device of a line."""
        return self.folder / (line.port or "")


def load(path: Path) -> Installation:
    """Read gateway.toml and all it names, or raise ConfigInvalid with every problem."""
    config = read_config(path)
    folder = path.resolve().parent
    problems: list[Problem] = []
    keys = _read_keys(folder / config.keys, problems)
    registry_key = _read_public_key(folder / config.registry.public_key, problems)
    current = None if keys is None else {name: each.key for name, each in keys.items()}
    problems += problems_of(config, current)
    if keys is None or current is None or registry_key is None or problems:
        raise ConfigInvalid(problems)
    following = {name: each.next_key for name, each in keys.items() if each.next_key}
    return Installation(folder, config, current, registry_key, following)


def _read_keys(path: Path, problems: list[Problem]) -> dict[str, HeldKeys] | None:
    try:
        content = read_toml(path)
        mode = stat.S_IMODE(path.stat().st_mode)
    except ConfigInvalid as error:
        problems += error.problems
        return None
    if mode & 0o077:
        message = f"others may read it (mode {mode:04o})."
        problems.append(Problem(str(path), message, f"Run: chmod 600 {path}"))
    keys = {}
    for name, value in content.items():
        try:
            keys[name] = read_keys(value)
        except ValueError:
            message = "is no string of hex digits."
            problems.append(
                Problem(f"{path}: {name}", message, "Write pairs of 0-9a-f.")
            )
    return keys


def _read_public_key(path: Path, problems: list[Problem]) -> Ed25519PublicKey | None:
    remedy = "Copy registry.pub from the registry's data folder."
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})."
    except (ValueError, UnsupportedAlgorithm):
        message = f"{path} is no PEM public key."
    else:
        if isinstance(key, Ed25519PublicKey):
            return key
        message = f"{path} is no Ed25519 key."
    problems.append(Problem("registry.public_key", message, remedy))
    return None
