"""The description of the API says what every route takes and how it fails."""

import json
import re
from collections.abc import Iterator
from functools import reduce
from typing import Any

import pytest
from fastapi.routing import APIRoute

from registry.api import (
    addresses,
    alarms,
    cards,
    cases,
    contracts,
    door_rules,
    doors,
    exports,
    external_filings,
    filings,
    gateways,
    grants,
    health,
    house_rules,
    houses,
    imports,
    papers,
    passages,
    policy,
    rights,
    rule_books,
    stays,
    tenancies,
    terms,
    visits,
)
from registry.app import create_app
from registry.services.sheets.sheet_files import MEDIA_TYPES, Format
from tests.support.registry_bench import NAMES, Bench, registry

MODULES = (
    addresses,
    alarms,
    contracts,
    cards,
    cases,
    door_rules,
    doors,
    external_filings,
    filings,
    exports,
    gateways,
    grants,
    health,
    house_rules,
    houses,
    imports,
    papers,
    passages,
    rights,
    policy,
    rule_books,
    stays,
    tenancies,
    terms,
    visits,
)
Described = dict[str, Any]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("described"), seeded=False) as ready:
        yield ready


@pytest.fixture(scope="module")
def described(bench: Bench) -> Described:
    return create_app(bench.settings, bench.clock).openapi()


def operations(described: Described) -> dict[tuple[str, str], Described]:
    return {
        (method, path): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def inside(value: object) -> Iterator[Described]:
    """Return every object of a document."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from inside(part)
    elif isinstance(value, list):
        for part in value:
            yield from inside(part)


def test_every_route_that_is_no_page_is_described(described: Described) -> None:
    routes = {
        (method.lower(), route.path)
        for module in MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert routes == set(operations(described)) != set()
    assert {path for _, path in routes} > {"/livez", "/readyz", "/version"}
    assert described["openapi"].startswith("3.1")


def test_every_route_says_that_it_fails_with_a_problem(described: Described) -> None:
    for operation in operations(described).values():
        for codes in ("4XX", "5XX"):
            (media,) = operation["responses"][codes]["content"].items()
            assert media[0] == "application/problem+json"
            assert set(media[1]["schema"]["required"]) == {
                "type",
                "title",
                "status",
                "detail",
            }
        good = [code for code in operation["responses"] if code[0] == "2"]
        assert len(good) == 1


def test_every_reference_leads_somewhere(described: Described) -> None:
    references = [part["$ref"] for part in inside(described) if "$ref" in part]
    assert references
    for reference in references:
        assert reference.startswith("#/")
        found = reduce(lambda at, step: at[step], reference[2:].split("/"), described)
        assert isinstance(found, dict)


def test_operations_are_told_apart(described: Described) -> None:
    every = operations(described).values()
    for word in ("operationId", "summary"):
        said = [operation[word] for operation in every]
        assert len(set(said)) == len(said)
        assert all(said)
    assert all(operation["description"] for operation in every)


def test_every_parameter_of_a_path_is_described(described: Described) -> None:
    for (_, path), operation in operations(described).items():
        named = {
            p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"
        }
        assert named == set(re.findall(r"\{(\w+)\}", path))


def test_every_post_says_what_it_takes(described: Described) -> None:
    kinds = {
        path: set(operation["requestBody"]["content"])
        for (method, path), operation in operations(described).items()
        if method == "post"
    }
    assert len(kinds) > 50
    for path, media in kinds.items():
        uplink = path.startswith("/api/gateways/")
        sheet = {MEDIA_TYPES[Format.XLSX], "text/csv"}
        others = {"application/cose" if uplink else "application/json"}
        assert media == (sheet if path == "/api/imports" else others)


def test_bodies_take_no_field_they_do_not_name(described: Described) -> None:
    schemas = described["components"]["schemas"]
    bodies = [schema for name, schema in schemas.items() if name.endswith("Body")]
    assert len(bodies) > 40
    assert all(schema["additionalProperties"] is False for schema in bodies)


def test_no_answer_names_anybody(described: Described) -> None:
    """Names go in at the counter; no description of an answer has a place for them."""
    schemas = described["components"]["schemas"]
    answers = json.dumps({k: v for k, v in schemas.items() if not k.endswith("Body")})
    for word in ("occupant_name", "holder", "party_name"):
        assert word not in answers
    places = {"Area", "Building", "Door", "DoorRecord", "Room"}
    named = {k for k, v in schemas.items() if "name" in v.get("properties", {})}
    assert named == places | {"OccupantBody"}
    assert not any(name in answers for name in NAMES.values())
