"""Tenancies, cards and grants over HTTP, and warnings of withdrawn keys."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from registry.domain.errors import Conflict
from registry.domain.external_filing import (
    ExternalFiling,
    ExternalKind,
    ExternalState,
)
from registry.domain.filing import FilingState
from registry.domain.history import Source
from registry.domain.principals import Principal, Role
from registry.domain.rights import Contract
from registry.services.stays import StayWish
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FRONT,
    GATEWAY,
    NOW,
    TENANT_CARD,
    Bench,
    batch,
    heartbeat,
    passage,
    registry,
    report,
)
from tests.support.sides import Desk, open_desk

CLERK = Principal(Role.CLERK, "clerk")
START = "2026-06-01"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as ready:
        yield ready


@pytest.fixture
def desk(template: Desk) -> Desk:
    template.clear()
    return template


def test_a_tenancy_is_recorded_held_over_and_renewed(tmp_path: Path) -> None:
    with registry(tmp_path) as bench, bench.client() as client:

        def post(path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
            answer = client.post(f"/api/{path}", json=body)
            assert answer.status_code == status, answer.text
            told: dict[str, Any] = answer.json()
            return told

        def doors() -> int:
            with bench.services.store.reading() as uow:
                return len(uow.permits.of_cards([TENANT_CARD]))

        wrong = {"start": START, "end": START, "room": "x", "contract": "x"}
        told = post("units/B2-0101/tenancies", wrong | {"landlord": "x"}, 422)
        faults = {"end", "room", "contract", "landlord"}
        assert {e["field"] for e in told["errors"]} == faults
        body = {"start": START, "landlord": "P9"}
        told = post("units/B2-0101/tenancies", body, 201)["tenancy"]
        assert (told["end"], told["landlord"]) == (None, "P9")
        post("tenancies/T1/hold-over", {}, 409)
        bench.now = NOW.replace(year=2027, month=1)
        held = post("tenancies/T1/hold-over", {})["tenancy"]
        assert held["holdover_since"] == "2027-01-01"
        bench.now += 200 * DAY
        bench.services.retirement.look()
        assert doors() == 2, "who holds over is not put out by a date"
        early = {"start": "2025-01-01"}
        post("tenancies/T1/renew", early, 422)
        renewed = post("tenancies/T1/renew", {"end": "2028-01-01"})["tenancy"]
        assert doors() == 2
        post("tenancies/T1/renew", {}, 409)
        with bench.services.store.reading() as uow:
            (stay,) = uow.occupancies.of_tenancy(renewed["tenancy"])
        assert (stay.party, str(stay.end)) == ("P1", "2028-01-01")


def test_a_landlord_who_ends_a_tenancy_ends_nobodys_stay(desk: Desk) -> None:
    before = desk.doors(TENANT_CARD)
    assert desk.ask("first", "tenancies/T1") == desk.ask("landlord", "tenancies/T1")
    desk.ask("tenant", "tenancies/T1", None, 404)
    desk.ask("landlord", "tenancies/T1/end", {"end": START})
    assert desk.doors(TENANT_CARD) == before
    stay = desk.ask("first", "occupancies/T1.P1")
    assert (stay["state"], stay["leave_by"]) == ("leave_declared", "landlord")
    desk.ask("stranger", "tenancies/T1/end", {"end": START}, 404)
    with desk.bench.services.store.reading() as uow:
        tenancy = uow.tenancies.get("T1")
    assert tenancy is not None
    assert tenancy.ended_on is None
    left = desk.ask("first", "occupancies/T1.P1/leave/confirm", {"on": START})
    assert left["stay"]["state"] == "ended"
    with desk.bench.services.store.reading() as uow:
        tenancy = uow.tenancies.get("T1")
    assert tenancy is not None
    assert str(tenancy.ended_on) == START, "it ends with the last who lived there"


def test_a_card_goes_its_way(desk: Desk) -> None:
    card = {"card": 7100, "active": False}
    told = desk.ask("clerk", "parties/P2/credentials", card)
    assert (told["state"], desk.doors(7100)) == ("issued", set())
    desk.ask("clerk", "parties/P2/credentials", card, 422)
    desk.ask("tenant", "parties/P2/credentials", {"card": 7101}, 403)
    desk.ask("stranger", "parties/P2/credentials", {"card": 7101}, 404)
    why = {"reason": "因故"}
    for verb, state, doors in (
        ("activate", "active", 2),
        ("lose", "suspended", 0),
        ("find", "active", 2),
        ("unbind", "blank", 0),
    ):
        told = desk.ask("clerk", f"credentials/7100/{verb}", why)
        assert (told["state"], len(desk.doors(7100))) == (state, doors)
    desk.ask("clerk", "credentials/7100/cancel", why, 409)
    desk.ask("landlord", "parties/P2/credentials", {"card": 7100})
    until = desk.ask("clerk", "credentials/7100/extend", {})["until"]
    assert until == "2026-06-20"
    desk.ask("landlord", "credentials/7100/cancel", why, 403)
    desk.ask("landlord", "credentials/7100/lose", why, 404)
    told = desk.ask("clerk", "credentials/7100/replace", why | {"new_card": 7102})
    assert (desk.doors(7100), len(desk.doors(7102))) == (set(), 2)
    with desk.bench.services.store.reading() as uow:
        kept = uow.credentials.with_changes(uow.credentials.of_cards([7100]))
    assert kept[-1].changes[-1].successor == told["credential"]
    desk.ask("clerk", "credentials/7102/return", why)
    desk.ask("clerk", "parties/nobody/credentials", {"card": 7103}, 404)


def test_a_card_expires_with_the_last_stay_and_wakes_with_the_next(
    tmp_path: Path,
) -> None:
    with registry(tmp_path) as bench:
        cards, stays = bench.services.cards, bench.services.stays
        bench.now = NOW + 40 * DAY
        bench.services.retirement.look()
        with bench.services.store.writing() as uow:
            (expired,) = uow.credentials.of_cards([4002])
            assert expired.state == "expired"
            with pytest.raises(Conflict, match="follows the stay"):
                cards.extend(uow, CLERK, 4002)
        with bench.services.store.writing() as uow:
            wish = StayWish("B1-0202", stays.today(), party="P2")
            stays.declare(uow, CLERK, wish)
            assert len(uow.permits.of_cards([4002])) == 2, "nobody waits for a clerk"
            done = cards.extend(uow, CLERK, 4002)
        assert (done.credential.state, done.until) == ("active", None)


def test_an_expired_card_wakes_by_itself_too(tmp_path: Path) -> None:
    with registry(tmp_path) as bench:
        bench.now = NOW + 40 * DAY
        bench.services.retirement.look()
        with bench.services.store.writing() as uow:
            today = bench.services.stays.today()
            wish = StayWish("B1-0202", today, party="P2")
            bench.services.stays.declare(uow, CLERK, wish)
        bench.services.retirement.look()
        with bench.services.store.reading() as uow:
            (card,) = uow.credentials.with_changes(uow.credentials.of_cards([4002]))
        assert [change.state for change in card.changes] == ["expired", "active"]


def test_a_cancelled_key_is_told_once_a_day_where_its_door_knew(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    with registry(tmp_path, new_database) as bench, bench.client() as client:
        services = bench.services
        with services.store.writing() as uow:
            services.gateways.heard(uow, heartbeat(1, NOW, *both(1)))
        path = f"/api/credentials/{TENANT_CARD}/lose"
        revision = client.post(path, json={"reason": "掉了"}).json()["revision"]
        early = [passage(60), passage(61, door=BACK)]
        take(bench, 1, early)
        assert warnings(client) == []
        bench.now = NOW + timedelta(minutes=2)
        with services.store.writing() as uow:
            reports = (report(FRONT, revision), report(BACK, 1))
            services.gateways.heard(uow, heartbeat(2, bench.now, *reports))
        late = [passage(121 + n, door=d) for n in range(3) for d in (FRONT, BACK)]
        take(bench, 2, [passage(119), *late, passage(86_400 * 2)])
        told = warnings(client)
        assert [(w["door"], w["day"]) for w in told] == [
            (FRONT, "2026-06-01"),
            (FRONT, "2026-06-03"),
        ]
        assert {w["message"] for w in told} == {"a cancelled key was presented"}
        assert {w["card_state"] for w in told} == {"lost"}
        after = {"after": told[0]["number"]}
        rest = client.get("/api/key-warnings", params=after).json()
        assert rest["warnings"] == told[1:]
        client.post(path.replace("lose", "find"), json={"reason": "找到了"})
        bench.now = NOW + timedelta(minutes=3)
        take(bench, 3, [passage(200), passage(150)])
        assert warnings(client) == told


def both(revision: int) -> tuple[Any, ...]:
    return report(FRONT, revision), report(BACK, revision)


def take(bench: Bench, epoch: int, passages: list[Any]) -> None:
    with bench.services.store.recording() as uow:
        bench.services.ingest.accept(uow, batch(passages, epoch=epoch))


def warnings(client: httpx.Client) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = client.get("/api/key-warnings").json()["warnings"]
    return told


def test_a_grant_is_given_followed_to_its_doors_and_revoked(desk: Desk) -> None:
    start, end = NOW.isoformat(), (NOW + 5 * DAY).isoformat()
    body = {"party": "P8", "reason": "service", "start": start, "end": end}
    desk.ask("clerk", "parties/P8/credentials", {"card": 7200})
    for who, status in (("stranger", 404), ("elsewhere", 404), ("tenant", 403)):
        desk.ask(who, "units/B1-0201/grants", body, status)
    told = desk.ask(
        "landlord", "units/B1-0201/grants", body | {"doors": ["x"], "party": "x"}, 422
    )
    assert {e["field"] for e in told["errors"]} == {"doors", "party"}
    desk.ask("landlord", "units/B1-0201/grants", body | {"end": start}, 422)
    desk.ask("landlord", "units/B1-0201/grants", body | {"end": 9}, 422)
    given = desk.ask("landlord", "units/B1-0201/grants", body | {"doors": [FRONT]})
    assert desk.doors(7200) == {FRONT}
    assert given["grant"]["doors"] == {FRONT: "desired"}
    with desk.bench.services.store.writing() as uow:
        desk.bench.services.permits.pushed(uow, GATEWAY, given["revision"])
    (listed,) = desk.ask("officer", "units/B1-0201/grants")["grants"]
    assert listed["doors"] == {FRONT: "pushed"}
    one = f"grants/{given['grant']['grant']}"
    assert desk.ask("landlord", one) == listed
    desk.ask("stranger", one, None, 404)
    path = f"grants/{given['grant']['grant']}/revoke"
    desk.ask("stranger", path, {"reason": "x"}, 404)
    desk.ask("landlord", path, {"reason": " "}, 422)
    gone = desk.ask("landlord", path, {"reason": "做完了"})
    assert (desk.doors(7200), gone["grant"]["doors"]) == (
        set(),
        {FRONT: "revoke_wanted"},
    )
    desk.ask("landlord", path, {"reason": "x"}, 409)


def test_a_missing_or_ended_filing_locks_nobody_out(tmp_path: Path) -> None:
    """Whatever becomes of filings, contracts and other offices: no permit moves."""
    with registry(tmp_path) as bench:
        source, permits = Source("test"), bench.services.permits
        with bench.services.store.writing() as uow:
            before = uow.permits.revision()
            for filing in uow.filings.find():
                for state in FilingState:
                    changed = replace(filing, state=state, number="x", reason="x")
                    uow.filings.revise(changed, source, bench.now)
                    assert permits.rederive(uow) == before
            for answer in ExternalState:
                kind = ExternalKind.RESIDENCE_REGISTRATION
                record = ExternalFiling(f"X-{answer}", kind, "B1-0201", answer)
                uow.external_filings.add([record], source, bench.now)
                assert permits.rederive(uow) == before
            today = bench.services.stays.today()
            lease = Contract("C1", "B1-0201", "P9", "P1", today, today, today)
            uow.contracts.add([lease], source, bench.now)
            assert permits.rederive(uow) == before
