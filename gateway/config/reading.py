"""TOML into frozen sections, with all structural problems found in one pass."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from gateway.config.problems import ConfigInvalid, Problem, nearest
from gateway.config.settings import Config

S = TypeVar("S", bound=msgspec.Struct)


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file's content, or raise ConfigInvalid."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(str(path), f"cannot be read ({error}).", "Check the path.")
    except (ValueError, RecursionError) as error:
        problem = Problem(str(path), f"is no TOML: {error}.", "Mend that line.")
    raise ConfigInvalid([problem])


def read_config(path: Path) -> Config:
    """Return the sections of gateway.toml, or raise ConfigInvalid."""
    content = read_toml(path)
    problems: list[Problem] = []
    config = read_section(Config, content, "", problems)
    if config is None or problems:
        raise ConfigInvalid(problems)
    return config


def read_section(
    kind: type[S], content: object, place: str, problems: list[Problem]
) -> S | None:
    """Return a section, or None after adding to the problems."""
    if not isinstance(content, dict):
        remedy = f"Write it as a table with {', '.join(_names(kind))}."
        problems.append(Problem(place, "must be a table.", remedy))
        return None
    known = {field.name: field for field in fields(kind)}
    for name in content.keys() - known.keys():
        remedy = nearest(name, known)
        problems.append(Problem(_join(place, name), "is not known.", remedy))
    before = len(problems)
    values = {}
    for name, field in known.items():
        if name in content:
            values[name] = _value(
                field.type, content[name], _join(place, name), problems
            )
        elif field.required:
            remedy = f'Add {name} = "…".'
            problems.append(Problem(_join(place, name), "is missing.", remedy))
    return kind(**values) if len(problems) == before else None


def _value(kind: Any, content: object, place: str, problems: list[Problem]) -> object:  # noqa: ANN401 - any type a section may have
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return read_section(kind, content, place, problems)
    if get_origin(kind) is tuple and isinstance(content, list):
        item = get_args(kind)[0]
        return tuple(
            _value(item, value, f"{place}[{number}]", problems)
            for number, value in enumerate(content)
        )
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        problems.append(Problem(place, f"{error}.", "Write a value of that kind."))
        return None


def _names(kind: type[msgspec.Struct]) -> list[str]:
    listed: tuple[FieldInfo, ...] = fields(kind)
    return [field.name for field in listed]


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
