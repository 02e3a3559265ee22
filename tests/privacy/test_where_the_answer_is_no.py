"""What the register does not do, however useful somebody would find it."""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import registry.domain.house_rules as rules_package
import registry.services.cases as cases_module
from registry.app import create_app
from registry.domain.cases import Case, CaseEvent, CaseState, CloseReason, Step
from registry.domain.errors import Conflict, Invalid
from registry.domain.house_rules import RULES
from registry.domain.house_rules.inputs import HouseInputs
from registry.domain.house_rules.rule import RuleId, Signal
from registry.domain.principals import Principal, Role
from registry.domain.suppression import LEAST, told
from registry.persistence.cases import Wanted
from registry.persistence.rows import Record
from registry.services.access import Wish
from tests.support.house_rules import STAY, signal
from tests.support.registry_bench import FRONT, Bench, batch, passage, registry
from tests.unit.registry.test_house_rules import CASES

TRAITS = (
    "ethnic",
    "nation",
    "religio",
    "faith",
    "health",
    "disab",
    "illness",
    "politic",
    "marital",
    "origin_province",
    "native_place",
    "hukou",
    "sex",
    "gender",
    "age",
    "birth",
    "special_class",
    "key_person",
)
"""What nobody is asked, told, chosen or judged by."""
WATCHING = (
    "watch",
    "blacklist",
    "suspect",
    "subscri",
    "co_presence",
    "companion",
    "contact_graph",
    "relation",
    "visited_by",
    "person_score",
    "credit_score",
    "risk",
    "trust",
    "timeline",
    "track",
    "whereabouts",
)
"""What would follow people instead of asking about a house."""
SOURCES = sorted(Path(rules_package.__file__).parent.glob("*.py"))
CLERK = Principal(Role.CLERK, "clerk")


SHORT = 4
"""A word as short as this counts only whole: many others begin with it."""


def says(name: str, banned: tuple[str, ...]) -> bool:
    """Say whether a name has a banned word, or one that begins with it."""
    parts = re.findall("[A-Z]?[a-z]+", name)
    flat = f"_{'_'.join(parts)}_".lower()
    return any(f"_{b}_" in flat or (len(b) > SHORT and f"_{b}" in flat) for b in banned)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("no")) as ready:
        with ready.services.store.writing() as uow:
            ready.services.ingest.accept(uow, batch([*map(passage, range(5))]))
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


@pytest.fixture(scope="module")
def described(bench: Bench) -> dict[str, Any]:
    app = create_app(bench.settings, bench.clock)
    app.state.services.store.close()
    return app.openapi()


def test_the_words_looked_for_are_found() -> None:
    """The walk itself is held against names it must refuse."""
    assert says("person.ethnicity", TRAITS)
    assert says("age_class", TRAITS)
    assert says("key_person_id", TRAITS)
    assert says("DoorHealth", TRAITS)
    assert says("watch_list", WATCHING)
    assert says("co_presence_pairs", WATCHING)
    assert not says("message", TRAITS)
    assert not says("combinations", TRAITS)
    assert not says("unwatched", WATCHING)


def test_no_column_has_room_for_a_trait_or_a_list_of_people() -> None:
    columns = {
        f"{table}.{column.name}"
        for table, definition in Record.metadata.tables.items()
        for column in definition.columns
    }
    assert len(columns) > 100
    assert {c for c in columns if says(c, TRAITS + WATCHING)} == set()


def test_no_route_takes_chooses_or_tells_by_a_trait(described: dict[str, Any]) -> None:
    parameters = {
        parameter["name"]
        for methods in described["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
    }
    properties = {
        name
        for schema in described["components"]["schemas"].values()
        for name in schema.get("properties", ())
    }
    assert {"rule", "state", "area"} <= parameters
    assert {name for name in parameters | properties if says(name, TRAITS)} == set()


def test_no_route_follows_a_person(described: dict[str, Any]) -> None:
    """Passages are asked for by house, unit and door, never by party or card."""
    told = "/api/passages"
    for path, methods in described["paths"].items():
        assert not says(path, WATCHING), path
        for operation in methods.values():
            names = {p["name"] for p in operation.get("parameters", ())}
            if path.startswith(told):
                assert names.isdisjoint({"party", "person", "card", "credential"})
    assert not [path for path in described["paths"] if "person" in path]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_rule_reads_a_trait(source: Path) -> None:
    text = source.read_text("utf-8")
    names = set(re.findall(r"[A-Za-z_]{3,}", re.sub(r'""".*?"""|#.*', "", text)))
    assert {name for name in names if says(name, TRAITS)} == set()


def test_what_rules_read_and_say_is_of_a_house() -> None:
    read = {field.name for field in fields(HouseInputs)}
    said = {field.name for field in fields(Signal)} | {f.name for f in fields(Case)}
    assert not {name for name in read | said if says(name, TRAITS + WATCHING)}
    assert {"party", "person", "credential", "card"}.isdisjoint(said)


@pytest.mark.parametrize("rule", RuleId)
def test_a_signal_names_nobody(rule: RuleId) -> None:
    """No id of a party, a card or an occupancy gets out of the records read."""
    told_of = signal(rule, **CASES[rule].true)
    assert told_of is not None
    assert all(isinstance(value, int | str) for value in told_of.numbers.values())
    said = json.dumps([dict(told_of.numbers), told_of.sentence], ensure_ascii=False)
    for id_ in (STAY.party, STAY.id, "P0", "P1", "P2", "Q", "L"):
        assert f'"{id_}"' not in said


@pytest.mark.parametrize("rule", [RuleId.H6, RuleId.H8])
def test_who_somebody_is_changes_no_answer(rule: RuleId) -> None:
    """Other people in the same house on the same footing: the same signal."""
    true = CASES[rule].true
    others = tuple(replace(o, party=f"other-{o.party}") for o in true["occupancies"])
    assert signal(rule, **true) == signal(rule, **(true | {"occupancies": others}))


def test_no_rule_scores_a_person() -> None:
    for rule in RULES.values():
        for text in (rule.question, rule.sentence, rule.first_action):
            for word in ("民族", "宗教", "籍贯", "性别", "重点人员", "可疑", "评分"):
                assert word not in text


permitted = st.lists(
    st.builds(
        Step,
        st.sampled_from(CaseEvent),
        st.none() | st.sampled_from(CloseReason),
        st.none() | st.just("一句话"),
        st.none() | st.just("17"),
    ),
    max_size=8,
)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(permitted, st.integers(0, 100))
def test_nothing_a_case_comes_to_touches_a_permit(
    bench: Bench, steps: list[Step], which: int
) -> None:
    """No lock-out as a sanction: what doors are told stays byte for byte the same."""
    service = bench.services.house_cases
    with bench.services.store.writing() as uow:
        before = (uow.permits.every(), uow.permits.revision())
        cases = uow.cases.listed(Wanted(frozenset(CaseState), limit=200))
        case = cases[which % len(cases)]
        for step in steps:
            try:
                service.take(uow, CLERK, case.id, step)
            except (Conflict, Invalid):
                continue
        assert (uow.permits.every(), uow.permits.revision()) == before
        uow.session.rollback()


def test_cases_cannot_reach_doors_at_all() -> None:
    """Their service knows neither permits nor cards nor orders."""
    text = inspect.getsource(cases_module)
    for word in ("permits", "credentials", "orders", "grants", "rule_books"):
        assert word not in text


def token(bench: Bench, role: Role, party: str) -> dict[str, str]:
    with bench.services.store.writing() as uow:
        secret = bench.services.access.issue(uow, Wish(role, party), "test")[1]
    return {"Authorization": f"Bearer {secret}"}


def test_a_landlord_sees_keys_and_their_validity_and_no_entries(
    bench: Bench, client: httpx.Client
) -> None:
    landlord = token(bench, Role.LANDLORD, "P9")
    unit = client.get("/api/units/B1-0201", headers=landlord)
    assert unit.status_code == 200
    permits = unit.json()["permits"]
    assert {"starts_at", "ends_at"} <= set(permits[0])
    assert "passages" not in unit.json()
    closed = ("/api/passages", "/api/buildings/B1/truth", f"/api/doors/{FRONT}")
    for path in closed:
        assert client.get(path, headers=landlord).status_code in {403, 404}


def test_cases_told_to_residents_have_no_entry_times(
    bench: Bench, client: httpx.Client
) -> None:
    for role, party in ((Role.LANDLORD, "P9"), (Role.TENANT, "P1")):
        page = client.get("/api/cases", headers=token(bench, role, party)).text
        assert not re.search(r"\d\d:\d\d", page)
        assert FRONT not in page


def test_a_tenant_sees_their_own_home_and_no_neighbour(
    bench: Bench, client: httpx.Client
) -> None:
    tenant = token(bench, Role.TENANT, "P1")
    assert client.get("/api/units/B1-0201", headers=tenant).status_code == 200
    assert client.get("/api/units/B1-0202", headers=tenant).status_code == 404
    assert client.get("/api/passages", headers=tenant).status_code == 403


def test_counts_of_few_are_not_told(client: httpx.Client) -> None:
    assert [told(n) for n in (0, 1, LEAST - 1, LEAST)] == [0, None, None, LEAST]
    for rule in client.get("/api/house-rules").json()["rules"]:
        for name in ("open", "closed"):
            assert rule[name] is None or rule[name] == 0 or rule[name] >= LEAST
