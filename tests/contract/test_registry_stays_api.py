"""Stays and visits over HTTP, each side with its token."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.registry_bench import BACK, FRONT, NAMES, NOW
from tests.support.sides import Desk, open_desk

START, NEW = "2026-06-01", 7001
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as ready:
        yield ready


@pytest.fixture
def desk(template: Desk) -> Desk:
    template.clear()
    return template


def declared(desk: Desk, unit: str = "B1-0202") -> dict[str, Any]:
    """Let a tenant declare their stay."""
    path = f"units/{unit}/occupancies"
    return dict(desk.ask("tenant", path, {"start": START})["stay"])


def test_a_tenant_declares_the_landlord_confirms_and_the_card_opens(
    desk: Desk,
) -> None:
    stay = declared(desk)
    assert (stay["state"], stay["declared_by"]) == ("declared", "occupant")
    assert (stay["party"], stay["opens"]) == ("P5", False)
    path = f"occupancies/{stay['occupancy']}"
    desk.ask("landlord", "parties/P5/credentials", {"card": NEW})
    assert desk.doors(NEW) == set()
    for who in ("stranger", "elsewhere", "first"):
        desk.ask(who, f"{path}/confirm", {}, 404)
        desk.ask(who, path, None, 404)
    desk.ask("tenant", f"{path}/confirm", {}, 409)
    desk.ask("tenant", "units/B1-0202", None, 404)
    done = desk.ask("landlord", f"{path}/confirm", {})
    assert (done["stay"]["state"], done["stay"]["confirmed_by"]) == (
        "confirmed",
        "landlord",
    )
    assert desk.doors(NEW) == {FRONT, BACK}
    desk.ask("tenant", "units/B1-0202")
    told = desk.ask("landlord", f"{path}/leave", {"on": START})
    assert told["stay"]["state"] == "leave_declared"
    assert desk.doors(NEW) == {FRONT, BACK}
    desk.ask("landlord", f"{path}/leave/confirm", {}, 409)
    desk.ask("tenant", f"{path}/leave/dispute", {})
    left = desk.ask("tenant", f"{path}/leave", {"on": "2026-06-10"})["stay"]
    assert (left["state"], left["end"]) == ("leave_declared", "2026-06-10")
    desk.bench.now = NOW + 9 * DAY
    desk.bench.services.retirement.look()
    assert desk.ask("tenant", path)["state"] == "ended"
    assert desk.doors(NEW) == {FRONT, BACK}, "in the grace"
    desk.bench.now = NOW + 24 * DAY
    desk.bench.services.retirement.look()
    assert desk.doors(NEW) == set()
    desk.bench.now = NOW


def test_who_speaks_for_another_side_is_refused(desk: Desk) -> None:
    stay = declared(desk)
    path = f"occupancies/{stay['occupancy']}"
    told = desk.ask("landlord", f"{path}/confirm", {"side": "grid"}, 422)
    assert [e["field"] for e in told["errors"]] == ["side"]
    done = desk.ask("officer", f"{path}/confirm", {"side": "landlord"})
    assert done["stay"]["confirmed_by"] == "landlord"


@pytest.mark.parametrize(
    ("who", "body", "fields"),
    [
        ("landlord", {}, {"start", "occupant"}),
        ("landlord", {"start": START, "party": "nobody"}, {"party"}),
        ("landlord", {"start": START, "end": START, "party": "P8"}, {"end"}),
        ("landlord", {"start": START, "party": "P2"}, {"unit"}),
        ("landlord", {"start": START, "party": "P8", "room": "x"}, {"room"}),
        ("landlord", {"start": START, "party": "P8", "tenancy": "T1"}, {"tenancy"}),
        ("landlord", {"start": START, "party": "P8", "side": "grid"}, {"side"}),
        ("tenant", {"start": START, "party": "P1"}, {"party"}),
        ("tenant", {"start": START, "occupant": {"name": "甲"}}, {"party"}),
        (
            "clerk",
            {"start": START, "party": "P8", "occupant": {"name": "甲"}},
            {"party"},
        ),
    ],
)
def test_every_fault_of_a_declaration_is_told_at_once(
    desk: Desk, who: str, body: dict[str, Any], fields: set[str]
) -> None:
    declared(desk, "B1-0201")
    told = desk.ask(who, "units/B1-0202/occupancies", body, 422)
    assert {e["field"] for e in told["errors"]} == fields


def test_somebody_new_is_declared_by_name_and_told_by_an_id(desk: Desk) -> None:
    body = {"start": START, "occupant": {"name": NAMES["P4"]}, "basis": "family"}
    told = desk.ask("landlord", "units/B1-0201/occupancies", body)
    assert told["stay"]["party"].startswith("P-")
    assert told["stay"]["opens"]
    assert NAMES["P4"] not in str(told)
    desk.ask("stranger", "units/B1-0201/occupancies", body, 404)
    desk.ask("elsewhere", "units/B1-0201/occupancies", body, 404)


def test_silence_sends_somebody_and_what_they_find_decides(desk: Desk) -> None:
    stay = declared(desk)
    bench = desk.bench
    bench.now = NOW + 7 * DAY
    bench.services.retirement.look()
    assert desk.ask("officer", "visits")["items"] == []
    bench.now = NOW + 8 * DAY
    for _ in range(2):
        bench.services.retirement.look()
    (visit,) = desk.ask("officer", "visits")["items"]
    assert (visit["purpose"], visit["due"]) == ("silence", "2026-06-16")
    assert visit["occupancy"] == stay["occupancy"]
    assert desk.ask("elsewhere", "visits")["items"] == []
    desk.ask("elsewhere", "visits?area=G001", None, 404)
    assert desk.ask("clerk", "visits?area=C01")["items"] == [visit]
    assert desk.ask("clerk", "visits?area=G002")["items"] == []
    desk.ask("landlord", "visits", None, 403)
    path = f"visits/{visit['visit']}"
    assert desk.ask("officer", path) == visit
    desk.ask("elsewhere", path, None, 404)
    desk.ask("officer", f"{path}/close", {"finding": "living"}, 409)
    desk.ask("elsewhere", f"{path}/assign", {"assignee": "王"}, 404)
    desk.ask("officer", f"{path}/assign", {"assignee": " "}, 422)
    desk.ask("officer", f"{path}/assign", {"assignee": "王"})
    again = desk.ask("officer", f"{path}/unanswered", {})
    assert (again["attempts"], again["due"]) == (1, "2026-06-16")
    desk.ask("officer", f"{path}/close", {"finding": "in_order"}, 422)
    desk.ask("officer", f"{path}/close", {"finding": "living", "evidence": "x"}, 422)
    evidence = "ab" * 32
    done = desk.ask(
        "officer", f"{path}/close", {"finding": "living"} | {"evidence": evidence}
    )
    assert (done["state"], done["evidence"]) == ("done", evidence)
    found = desk.ask("officer", f"occupancies/{stay['occupancy']}")
    assert (found["state"], found["confirmed_by"]) == ("confirmed", "grid")
    assert done in desk.ask("officer", "visits?state=done")["items"]


def test_a_contested_stay_is_looked_at_by_two(desk: Desk) -> None:
    stay = declared(desk)
    path = f"occupancies/{stay['occupancy']}"
    assert desk.ask("landlord", f"{path}/contest", {})["stay"]["state"] == "contested"
    desk.bench.services.retirement.look()
    (visit,) = desk.ask("officer", "visits?limit=1")["items"]
    assert (visit["purpose"], visit["severity"]) == ("contested", "high")
    with desk.bench.services.store.reading() as uow:
        officer = next(f"token:{t.id}" for t in uow.access.tokens() if t.area == "G001")
    close = f"visits/{visit['visit']}/close"
    desk.ask("officer", f"visits/{visit['visit']}/assign", {"assignee": officer})
    desk.ask("officer", close, {"finding": "absent"}, 409)
    desk.ask("clerk", close, {"finding": "absent"})
    assert desk.ask("clerk", path)["state"] == "void"


def test_a_confirmed_stay_needs_no_visit_and_an_exempt_one_none(desk: Desk) -> None:
    stay = declared(desk)
    desk.bench.now = NOW + 8 * DAY
    desk.bench.services.retirement.look()
    (visit,) = desk.ask("officer", "visits")["items"]
    path = f"occupancies/{stay['occupancy']}"
    desk.ask("landlord", f"{path}/confirm", {})
    assert desk.ask("officer", "visits")["items"] == []
    dropped = desk.ask("officer", "visits?state=dropped")["items"]
    assert visit["visit"] in {each["visit"] for each in dropped}
    desk.ask("landlord", f"{path}/exemption", {"exemption": "tourism"}, 409)
    told = desk.ask("tenant", f"{path}/exemption", {"exemption": "tourism"})
    assert told["stay"]["exemption"] == "tourism"


def test_visits_are_told_in_pages(desk: Desk) -> None:
    for unit in ("B1-0101", "B1-0201", "B1-0301"):
        desk.ask("officer", f"units/{unit}/visits", {"severity": "high"})
    first = desk.ask("officer", "visits?limit=2")
    rest = desk.ask("officer", f"visits?limit=200&cursor={first['next']}")
    told = [*first["items"], *rest["items"]]
    assert [(v["due"], v["visit"]) for v in told] == sorted(
        (v["due"], v["visit"]) for v in told
    )
    assert len(first["items"]) == 2
    assert {v["unit"] for v in told} >= {"B1-0101", "B1-0201", "B1-0301"}
    assert rest["next"] is None
    desk.ask("officer", "visits?cursor=x", None, 422)
    desk.ask("elsewhere", "units/B1-0101/visits", {}, 404)
