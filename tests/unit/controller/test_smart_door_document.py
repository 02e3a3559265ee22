"""The published description says what the code does, field by field."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.encoding import (
    DIGEST_SIZE,
    DIRECTIONS,
    LARGEST_COUNT,
    PERMIT_FIELDS,
    REASONS,
)
from controller.protocols.smart_door import formats
from controller.protocols.smart_door.codec import KEY_SIZE, PAYLOAD_FIELDS, VERSION
from controller.protocols.smart_door.formats import FORMATS, RECORD_FIELDS, Format
from controller.protocols.smart_door.topics import OFFLINE, ONLINE, Direction, topic

FOLDER = Path(__file__).parents[3] / "docs" / "protocols"
DOCUMENT: dict[str, Any] = yaml.safe_load(
    (FOLDER / "smart-door.asyncapi.yaml").read_text()
)
PAGE = (FOLDER / "smart-door.md").read_text()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
FORMS = [form for forms in FORMATS.values() for form in forms]
SCHEMA_OF = {
    id(formats.NUMBER): "number",
    id(formats.INDEX): "index",
    id(formats.REVISION): "revision",
    id(formats.NONCE): "nonce",
    id(formats.DIGEST): "digest",
    id(formats.FLAG): "flag",
    id(formats.TEXT): "text",
    id(formats.MOMENT): "moment",
    id(formats.ANSWER): "answer",
    id(formats.RECORDS): "records",
    id(formats.REMOVED): "removed",
    id(formats.PUT): "permits",
}


def name_of(form: Format) -> str:
    return getattr(form.type, "__name__", "")


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [r for child in node.values() for r in references(child)]
    if isinstance(node, list):
        return [r for child in node for r in references(child)]
    return []


def resolve(reference: str) -> object:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def table(name: str) -> list[str]:
    """Return the fields a message's row in the page's tables names."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    return [cell.strip(" `") for cell in cells[2].split(",")]


def test_it_is_asyncapi_3_for_mqtt_3() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["version"] == str(VERSION)
    assert DOCUMENT["servers"]["broker"]["protocolVersion"] == "3.1.1"


def test_every_reference_leads_somewhere() -> None:
    found = references(DOCUMENT)
    assert len(found) > 50
    assert all(resolve(reference) for reference in found)


def test_no_schema_is_left_over() -> None:
    used = {r.rsplit("/", 1)[1] for r in references(DOCUMENT) if "/schemas/" in r}
    assert used == set(SCHEMAS)


@pytest.mark.parametrize("way", Direction)
def test_topics_are_the_ones_in_use(way: Direction) -> None:
    channel = DOCUMENT["channels"][way.value]
    assert channel["address"].replace("{device}", "lock-1") == topic("lock-1", way)
    told = [name_of(form) for form in FORMATS.get(way, ())] or ["State"]
    assert list(channel["messages"]) == told


def test_the_hint_has_its_two_words() -> None:
    words = [ONLINE.decode(), OFFLINE.decode()]
    assert MESSAGES["State"]["payload"]["enum"] == words


def test_every_message_is_described() -> None:
    assert set(MESSAGES) == {name_of(form) for form in FORMS} | {"State"}


@pytest.mark.parametrize("form", FORMS, ids=name_of)
def test_messages_have_their_kind_and_fields_in_order(form: Format) -> None:
    payload = MESSAGES[name_of(form)]["payload"]["items"]
    assert tuple(item["title"] for item in payload) == PAYLOAD_FIELDS
    version, kind, *_, body = payload
    assert (version["const"], kind["const"]) == (VERSION, form.kind)
    assert [item["title"] for item in body["items"]] == list(form.fields)
    for item, (name, field) in zip(body["items"], form.fields.items(), strict=True):
        schema = SCHEMA_OF.get(id(field), name)
        assert item["allOf"] == [{"$ref": f"#/components/schemas/{schema}"}]


@pytest.mark.parametrize("form", FORMS, ids=name_of)
def test_the_page_names_the_same_fields(form: Format) -> None:
    assert table(name_of(form)) == list(form.fields)


def test_records_and_permits_have_their_fields() -> None:
    record = SCHEMAS["record"]["items"]
    assert tuple(item["title"] for item in record) == RECORD_FIELDS
    assert len(SCHEMAS["permit"]["items"]) == PERMIT_FIELDS
    by_title = {item["title"]: item["description"] for item in record[2::3]}
    reasons = ", ".join(f"{place} {r.value}" for place, r in enumerate(REASONS))
    ways = ", ".join(f"{place} {d.value}" for place, d in enumerate(DIRECTIONS))
    assert by_title == {"reason": reasons, "direction": ways}


@pytest.mark.parametrize(
    ("schema", "keyword", "value"),
    [
        ("nonce", "maxLength", formats.NONCE_SIZE),
        ("digest", "maxLength", DIGEST_SIZE),
        ("records", "maxItems", formats.MOST_RECORDS),
        ("removed", "maxItems", formats.MOST_ITEMS),
        ("permits", "maxItems", formats.MOST_ITEMS),
        ("parts", "maximum", formats.MOST_PARTS),
        ("part", "maximum", formats.MOST_PARTS - 1),
        ("milliseconds", "maximum", formats.LONGEST_OPENING),
        ("number", "maximum", LARGEST_COUNT),
    ],
)
def test_limits_are_the_ones_in_force(schema: str, keyword: str, value: int) -> None:
    assert SCHEMAS[schema][keyword] == value


def test_the_page_gives_the_key_size() -> None:
    assert f"{KEY_SIZE} bytes" in PAGE
