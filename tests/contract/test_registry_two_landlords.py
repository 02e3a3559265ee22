"""Two landlords, every route, every record: each meets the other's as if not there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from registry.api.access import ROLES
from registry.domain.cases import OPEN
from registry.domain.parties import Party
from registry.domain.principals import Role
from registry.persistence.cases import Wanted
from registry.services.access import Wish
from tests.support.registry_bench import Bench, registry

START, END = "2026-06-01", "2027-06-01"
GIVEN: dict[str, Any] = {
    "mode": "whole",
    "basis": "tenant",
    "kind": "contract_filing",
    "powers": ["file"],
    "start": START,
    "end": END,
    "signed_on": START,
    "on": START,
    "due": None,
    "reason": "a test",
    "office": "a counter",
    "receipt": "R-1",
    "text": "a test",
    "occupant": {"name": "示例"},
    "exemption": None,
    "side": None,
    "card": 6001,
    "name": "示例",
}
"""What a body may say beside whose record it is about."""
EVERYBODYS = (
    "/api/addresses/search",
    "/api/buildings/{code}/address-corrections",
    "/api/house-rules",
)
"""What says nothing of a landlord: addresses, and how rules are made."""
ANYBODYS = {"delegate", "manager", "tenant"}
"""Fields that may name a party of somebody else."""


@dataclass(frozen=True, slots=True)
class Side:
    """A landlord's token and one record of theirs of every kind, by its name."""

    secret: str
    records: dict[str, Any]

    @property
    def ids(self) -> set[str]:
        """What tells of a record of theirs."""
        return {str(id_) for id_ in self.records.values()}


@dataclass(frozen=True, slots=True)
class Street:
    client: httpx.Client
    description: dict[str, Any]
    sides: tuple[Side, Side]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with registry(tmp_path_factory.mktemp("two")) as bench, bench.client() as client:
        with bench.services.store.writing() as uow:
            uow.parties.add(map(Party, ("L1", "L2", "T1", "T2", "D1", "D2")))
        sides = (
            settle(bench, client, 1, "B2-0101"),
            settle(bench, client, 2, "B1-0301"),
        )
        bench.now += timedelta(days=30)
        bench.services.retirement.look()
        with bench.services.store.reading() as uow:
            for side in sides:
                wanted = Wanted(OPEN, units=[side.records["unit"]])
                side.records["case"] = uow.cases.listed(wanted)[0].id
        description = client.get("/openapi.json").json()
        yield Street(client, description, sides)


def settle(bench: Bench, client: httpx.Client, number: int, unit: str) -> Side:
    """Let a landlord have one record of every kind."""
    landlord, tenant, helper = f"L{number}", f"T{number}", f"D{number}"
    term, days = {"start": START, "end": END}, {"start": f"{START}T00:00:00Z"}

    def made(path: str, **body: Any) -> Any:  # noqa: ANN401 - any record
        answer = client.post(f"/api/{path}", json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json()

    right = made("rights", party=landlord, unit=unit, basis="title", start=START)
    filing = made("filings", unit=unit, mode="whole", lessor=landlord)
    lease = {"lessor": landlord, "tenant": tenant, "signed_on": START} | term
    contract = made("contracts", unit=unit, **lease)["contract"]["id"]
    let = made(f"units/{unit}/tenancies", landlord=landlord, **term)
    tenancy = let["tenancy"]["tenancy"]
    stay = made(f"units/{unit}/occupancies", party=tenant, tenancy=tenancy)
    asked = {"kind": "contract_filing", "unit": unit, "tenancy": tenancy}
    elsewhere = made("external-filings", **asked)
    powers = {"grantor": landlord, "delegate": helper, "powers": ["file"]}
    delegation = made("delegations", **powers, **term)
    work = {"party": helper, "reason": "service", "end": f"{END}T00:00:00Z"}
    grant = made(f"units/{unit}/grants", **work, **days)
    # A landlord may report their own card lost, never that of a tenant.
    made(f"parties/{landlord}/credentials", card=7000 + number)
    with bench.services.store.writing() as uow:
        wish = Wish(Role.LANDLORD, landlord)
        secret = bench.services.access.issue(uow, wish, "test")[1]
    return Side(
        secret,
        {
            **dict.fromkeys(("code", "unit"), unit),
            **dict.fromkeys(("lessor", "grantor", "landlord"), landlord),
            **dict.fromkeys(("contract", "parent"), contract),
            "right": right["id"],
            "filing": filing["id"],
            "tenancy": tenancy,
            "occupancy": stay["stay"]["occupancy"],
            "external": elsewhere["id"],
            "delegation": delegation["id"],
            "grant": grant["grant"]["grant"],
            "card": 7000 + number,
            "party": tenant,
        },
    )


def cards_first(each: tuple[str, Any]) -> bool:
    return "credentials" not in each[0]


def operations(street: Street) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return what landlords may call, what is about cards before stays end."""
    paths = street.description["paths"]
    for path, methods in sorted(paths.items(), key=cards_first):
        for method, operation in methods.items():
            known = path in EVERYBODYS
            if not known and Role.LANDLORD in operation.get(ROLES, ()):
                yield method, path, operation


def filled(path: str, side: Side) -> str:
    records = side.records
    if path.startswith("/api/external-filings"):
        records = records | {"filing": records["external"]}
    return path.format(**records)


def body_of(
    street: Street, operation: dict[str, Any], side: Side
) -> dict[str, Any] | None:
    """Return a good body about a side's records."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    schema = street.description["components"]["schemas"][name]
    known = GIVEN | {k: v for k, v in side.records.items() if k not in ANYBODYS}
    unknown = set(schema.get("required", ())) - known.keys() - ANYBODYS
    assert not unknown, f"say in GIVEN what {name} is to be told: {unknown}"
    body = {key: known[key] for key in schema["properties"] if key in known}
    if "doors" in schema["properties"]:
        body |= {"reason": "service", "start": f"{START}T00:00:00Z"}
        body["end"] = f"{END}T00:00:00Z"
    return body | dict.fromkeys(ANYBODYS & schema["properties"].keys(), "D1")


def ask(
    street: Street, method: str, path: str, side: Side, body: object = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {side.secret}"}
    return street.client.request(method, path, headers=headers, json=body)


def heard(answer: httpx.Response) -> bool:
    """Say whether somebody was let in, whatever they were then told."""
    told = {e["fault"] for e in answer.json().get("errors", ())}
    contradicted = answer.status_code == 422 and told <= {"contradiction", "taken"}
    return answer.is_success or answer.status_code == 409 or contradicted


@pytest.mark.parametrize("mine", [0, 1])
def test_what_is_the_others_is_not_there(street: Street, mine: int) -> None:
    me, them = street.sides[mine], street.sides[1 - mine]
    asked = 0
    for method, path, operation in operations(street):
        there = filled(path, them)
        body = body_of(street, operation, them)
        answer = ask(street, method, there, me, body)
        told = answer.text.replace(there.split("/")[3] if "{" in path else "", "")
        if method == "get" and "{" not in path:
            assert answer.status_code == 200, (path, answer.text)
        else:
            assert answer.status_code in {403, 404, 422}, (method, path, answer.text)
            owner = ask(street, method, there, them, body)
            assert heard(owner), (method, path, owner.text)
        if method == "get":
            assert not [id_ for id_ in them.ids if id_ in told], path
        asked += 1
    assert asked > 30


@pytest.mark.parametrize("mine", [0, 1])
def test_what_is_ones_own_is_read(street: Street, mine: int) -> None:
    me = street.sides[mine]
    for method, path, _ in operations(street):
        if method == "get":
            answer = ask(street, method, filled(path, me), me)
            assert answer.status_code == 200, (path, answer.text)
