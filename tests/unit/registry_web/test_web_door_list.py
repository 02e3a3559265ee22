"""The list of doors and a door's own page, each fact from the door it is about."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.uplink.messages import DoorReport, Heartbeat
from controller.vocabulary import DoorId, GatewayId, Reason, Revision
from registry.web.door_pages import PER_PAGE
from tests.support.counter import Counter, counter
from tests.support.edge_feed import tap
from tests.support.small_street import small_street

MANY = 2 * PER_PAGE + 2


def long_street(today: date) -> dict[str, Any]:
    """Return the small street with enough doors for three pages of them."""
    street = small_street(today)
    for n in range(5, MANY + 1):
        controller = {"id": f"reader-{n}", "gateway": "gateway-1", "protocol": "osdp"}
        street["controllers"].append(controller)
        street["doors"].append(
            {
                "id": f"door-{n}",
                "controller": f"reader-{n}",
                "building": "B002",
                "name": f"侧门 {n}",
            }
        )
    return street


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("long"), filled=False) as opened:
        with opened.services.store.writing() as uow:
            opened.services.seeding.load(uow, long_street(opened.today), "test")
        yield opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Counter]:
    with counter(tmp_path) as opened:
        yield opened


def doors(page: str) -> list[str]:
    """Return the doors of a list in their order."""
    return re.findall(r'<th scope="row"><a href="/doors/([^"]+)"', page)


def choices(page: str) -> dict[str, int]:
    """Return the filters and how many doors each says it leaves."""
    found = re.findall(r'href="/doors(?:\?state=(\w+))?"[^>]*>\S+ <b>(\d+)</b>', page)
    return {key or "all": int(count) for key, count in found}


def say(desk: Counter, door: str, number: int, **facts: Any) -> None:  # noqa: ANN401 - facts of several types
    """Let the gateway report one door."""
    fields: dict[str, Any] = {
        "online": True,
        "secure": True,
        "acknowledged": Revision(0),
    }
    fields |= facts
    report = DoorReport(DoorId(door), **fields)
    beat = Heartbeat(
        GatewayId("gateway-1"), number, desk.services.clock(), "test", 0, (report,)
    )
    with desk.services.store.writing() as uow:
        assert desk.services.gateways.heard(uow, beat)


def test_pages_of_the_list_hold_every_door_once(long: Counter) -> None:
    pages = [doors(long.page(f"/doors?page={n}")) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [PER_PAGE, PER_PAGE, 2]
    every = [door for page in pages for door in page]
    assert every == sorted(f"door-{n}" for n in range(1, MANY + 1))
    assert doors(long.page("/doors?page=99")) == pages[2]


def test_a_page_leads_to_its_neighbours_and_keeps_the_filter(long: Counter) -> None:
    first, middle, last = (
        long.page(f"/doors?state=offline&page={n}") for n in (1, 2, 3)
    )
    assert "上一页" not in first
    assert "?state=offline&amp;page=2" in first
    assert "?state=offline&amp;page=1" in middle
    assert "?state=offline&amp;page=3" in middle
    assert "第 2 / 3 页" in middle
    assert "?state=offline&amp;page=2" in last
    assert "下一页" not in last
    assert "翻页" not in long.page("/doors?state=online")


def test_what_needs_attention_stands_first_and_is_counted(desk: Counter) -> None:
    with desk.services.store.reading() as uow:
        wanted = {s.door.id: s.wanted for s in desk.services.housing.doors(uow)}
    assert wanted == {"door-1": 1, "door-2": 1, "door-3": 0, "door-4": 0}
    say(desk, "door-1", 1, acknowledged=Revision(1), secure=False)
    assert doors(desk.page("/doors")) == ["door-2", "door-3", "door-4", "door-1"]
    say(desk, "door-3", 2)
    page = desk.page("/doors")
    assert doors(page) == ["door-2", "door-4", "door-1", "door-3"]
    assert choices(page) == {
        "all": 4,
        "online": 2,
        "offline": 2,
        "pending": 1,
        "insecure": 1,
    }
    say(desk, "door-2", 3)
    assert doors(desk.page("/doors")) == ["door-2", "door-4", "door-1", "door-3"]
    assert doors(desk.page("/doors?state=pending")) == ["door-2"]
    assert doors(desk.page("/doors?state=insecure")) == ["door-1"]
    assert doors(desk.page("/doors?state=online")) == ["door-2", "door-1", "door-3"]


@pytest.fixture(scope="module")
def told_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("told")) as opened:
        yield opened


def fact(page: str, name: str) -> str:
    """Return what a door's page says of it, markup left out."""
    found = re.search(rf"<dt>{name}</dt><dd>(.*?)</dd>", page, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]*>", "", found[1]).strip()


def test_a_door_nobody_heard_of_promises_nothing(told_by: Counter) -> None:
    page = told_by.page("/doors/door-2")
    told = {name: fact(page, name) for name in ("线路", "门位", "防拆", "时钟偏差")}
    assert told == {"线路": "—", "门位": "—", "防拆": "正常", "时钟偏差": "未知"}
    assert fact(page, "最近报告") == "从未"
    assert fact(page, "控制器") == "reader-2 · 智能门锁"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {"secure": True, "open": True, "tampered": False, "clock_offset": 1.26},
            ("已加密", "门开着", "正常", "+1.3 秒"),
        ),
        (
            {"secure": False, "open": False, "tampered": True, "clock_offset": -3.0},
            ("未加密", "门关着", "报警", "-3.0 秒"),
        ),
        (
            {"secure": True, "open": None, "clock_offset": 0.0},
            ("已加密", "门位未知", "正常", "+0.0 秒"),
        ),
        ({"online": False, "open": True, "secure": True}, ("—", "—", "正常", "未知")),
    ],
)
def test_a_doors_page_says_what_the_door_last_said(
    told_by: Counter, facts: dict[str, Any], told: tuple[str, ...]
) -> None:
    say(told_by, "door-1", 1, **facts)
    page = told_by.page("/doors/door-1")
    names = ("线路", "门位", "防拆", "时钟偏差")
    assert tuple(fact(page, name) for name in names) == told
    assert fact(page, "最近报告") != "从未"
    assert fact(told_by.page("/doors/door-2"), "最近报告") == "从未"


def test_a_doors_page_counts_and_follows_its_own_passages(desk: Counter) -> None:
    now = desk.services.clock()
    before = desk.page("/doors/door-1")
    assert "/live/door/door-1?after=0" in before
    taps = [tap("door-1", now, None, Reason.EXIT_REQUEST) for _ in range(21)]
    desk.feed.record([*taps, tap("door-2", now, None, Reason.EXIT_REQUEST)])
    page = desk.page("/doors/door-1")
    assert "/live/door/door-1?after=22" in page
    assert page.count('class="line"') == 20
    older = re.search(r'href="(\?before=[^"]*)"', page)
    assert older is not None
    assert desk.page(f"/doors/door-1{older[1]}").count('class="line"') == 1
    other = desk.page("/doors/door-2")
    assert other.count('class="line"') == 1
    assert "?before=" not in other


def test_the_day_of_a_door_is_its_own_last_24_hours(desk: Counter) -> None:
    now = desk.services.clock()
    then = now - timedelta(hours=25)
    sent = [tap("door-1", at, None, Reason.EXIT_REQUEST) for at in (then, now)]
    desk.feed.record([*sent, *(tap("door-2", now, card) for card in (1, 2, 3))])
    page = desk.page("/doors/door-1")
    assert page.count('class="line"') == 2
    assert "共 1 次" in page
    assert "共 3 次" in desk.page("/doors/door-2")
    assert "共 4 次" in desk.page("/buildings/B001")
