"""A street file spoilt anywhere is refused by the path of what is wrong."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from registry.domain.errors import Invalid
from registry.domain.file_reading import MOST_FAULTS
from registry.domain.street_file import StreetFile, read_street
from tests.support.registry_bench import NAMES, STREET, street

Path = tuple[str | int, ...]


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """Return the path of everything in a document, itself included."""
    yield path
    if isinstance(value, dict):
        for name, part in value.items():
            yield from places(part, (*path, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from places(part, (*path, number))


def at(document: Any, path: Path) -> Any:  # noqa: ANN401 - parsed JSON
    for step in path:
        document = document[step]
    return document


def read(document: object) -> StreetFile | list[str]:
    """Return a street, or the paths of its faults; each has a remedy, no name."""
    try:
        return read_street(document)
    except Invalid as invalid:
        faults, told = invalid.fields, str(invalid)
    assert 0 < len(faults) <= MOST_FAULTS
    assert all(f.field.startswith("$.") and f.message and f.remedy for f in faults)
    assert not any(name in told for name in NAMES.values())
    return [fault.field for fault in faults]


PLACES = [path for path in places(STREET) if path]
WORN = [path for path in PLACES if path[0] not in {"seed", "zone", "example"}]
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=5,
)


@given(st.sampled_from(PLACES), junk)
@example(("units", 0, "floor"), 10**400)
@example(("credentials", 0, "card"), 2**64)
@example(("street", "name"), "\ud800")
def test_anything_anywhere_is_read_or_refused(path: Path, value: object) -> None:
    document = street()
    at(document, path[:-1])[path[-1]] = value
    read(document)


@given(st.sampled_from(WORN), st.sampled_from([None, 3.5, "\x00", {}, "x" * 201]))
def test_what_is_spoilt_is_refused(path: Path, value: object) -> None:
    optional = path[-1] in {"room", "landlord"} and value is None
    document = street()
    at(document, path[:-1])[path[-1]] = value
    found = read(document)
    assert isinstance(found, list) != optional


@given(st.sampled_from([path for path in WORN if isinstance(path[-1], str)]))
def test_what_is_missing_is_named(path: Path) -> None:
    document = street()
    del at(document, path[:-1])[path[-1]]
    found = read(document)
    if path[-1] in {"room", "landlord", "rooms"}:
        assert isinstance(found, StreetFile) or path[-1] == "rooms"
        return
    assert isinstance(found, list)
    dotted = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path)
    assert f"${dotted}" in found


@given(st.sampled_from([path for path in PLACES if isinstance(path[-1], int)]))
def test_what_is_there_twice_is_told(path: Path) -> None:
    document = street()
    items = at(document, path[:-1])
    items.append(deepcopy(items[path[-1]]))
    found = read(document)
    harmless = path[0] == "residences" or path[-2:-1] == ("occupants",)
    assert isinstance(found, list) != harmless


@given(st.permutations(range(len(STREET["units"]))))
def test_the_order_of_units_says_nothing(order: list[int]) -> None:
    document = street()
    document["units"] = [document["units"][n] for n in order]
    found, plain = read(document), read(STREET)
    assert isinstance(found, StreetFile)
    assert isinstance(plain, StreetFile)
    assert set(found.units) == set(plain.units)
    assert set(found.rooms) == set(plain.rooms)
    assert found.occupancies == plain.occupancies
