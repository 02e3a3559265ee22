"""The pages of commissioning: every door, its state, its record, its device."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.uplink.commissioning import Check
from controller.vocabulary import AlarmKind, ControllerId, DoorId
from registry.web.commissioning import Device, device
from tests.support.commissioning import RECORD
from tests.support.counter import Counter, counter
from tests.support.edge_feed import alarm

LIST = "/commissioning"
GOOD = replace(RECORD, passed=frozenset(Check))
THIRD = replace(RECORD, door=DoorId("door-3"), controller=ControllerId("reader-3"))


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


def shown(page: str) -> list[str]:
    """Return the doors of a list, in order."""
    return re.findall(r'<th scope="row"><a href="/commissioning/([^"]+)"', page)


def counts(page: str, label: str) -> dict[str, int]:
    """Return the choices of a row of filters with their numbers."""
    (row,) = re.findall(rf'aria-label="{label}">(.*?)</nav>', page)
    return {
        word: int(n) for word, n in re.findall(r">([^<>]+) <b>(\d+)</b>", row) if word
    }


def test_without_a_street_the_page_says_what_will_be_here(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with counter(tmp_path_factory.mktemp("empty"), filled=False) as desk:
        page = desk.page(LIST)
    assert "还没有登记任何门" in page
    assert "<table" not in page


def test_doors_without_a_record_are_listed_with_the_reason(desk: Counter) -> None:
    page = desk.page(LIST)
    assert shown(page) == ["door-1", "door-2", "door-3", "door-4"]
    assert counts(page, "按状态筛选") == {
        "全部": 4,
        "设备已更换": 0,
        "有项目未通过": 0,
        "未验收": 1,
        "已验收": 0,
        "无需验收": 3,
    }
    assert "智能门锁，自行管理，不经本工具验收" in page
    assert "menhu-gateway commission reader-1 --operator" in desk.page(LIST + "/door-1")
    assert "menhu-gateway commission" not in desk.page(LIST + "/door-2")


def test_a_record_is_shown_with_its_device_its_tests_and_its_operator(
    desk: Counter,
) -> None:
    desk.feed.commission(GOOD, THIRD)
    page = desk.page(LIST)
    assert shown(page) == ["door-3", "door-1", "door-2", "door-4"]
    for words in ("型号 4.5 · 固件 1.2.3", "序列号 00000006", "操作员 op-07"):
        assert page.count(words) == 2
    assert re.findall(r"未通过</span>", page)
    one = desk.page(LIST + "/door-3")
    assert one.count("</svg>未通过</span>") == 2
    assert one.count("</svg>通过</span>") == 2
    assert "<dd>2026-06-01 12:00:00</dd>" in one
    assert "<dd>5 · 9600</dd>" in one
    assert "<dd>gateway-1</dd>" in one
    assert re.search(r"[0-9a-f]{64}", one)
    assert "以前的验收" not in one


def test_another_device_comes_first_until_it_is_tested(desk: Counter) -> None:
    desk.feed.commission(GOOD)
    now = desk.services.clock()
    desk.feed.record([alarm("door-1", now, AlarmKind.REPLACED)])
    page = desk.page(LIST)
    assert shown(page)[0] == "door-1"
    assert counts(page, "按状态筛选")["设备已更换"] == 1
    assert "应答的不是原来的设备" in desk.page(LIST + "/door-1")
    desk.feed.commission(replace(GOOD, at=now + timedelta(minutes=1)))
    assert counts(desk.page(LIST), "按状态筛选")["已验收"] == 1
    page = desk.page(LIST + "/door-1")
    assert "应答的不是原来的设备" not in page
    assert "以前的验收" in page
    assert "全部通过" in page


def test_the_list_is_narrowed_by_state_and_by_community(desk: Counter) -> None:
    desk.feed.commission(THIRD)
    assert shown(desk.page(LIST + "?state=missing")) == ["door-1"]
    assert shown(desk.page(LIST + "?community=C02")) == ["door-3", "door-4"]
    page = desk.page(LIST + "?state=failed&community=C01")
    assert shown(page) == []
    assert "没有符合条件的门。" in page
    assert counts(page, "按状态筛选")["未验收"] == 1
    assert counts(page, "按社区筛选") == {
        "全街": 1,
        "示例社区一": 0,
        "示例社区二": 1,
    }
    assert 'href="/commissioning?state=failed&amp;community=C02"' in page
    assert len(shown(desk.page(LIST + "?community=C99"))) == 4
    assert len(shown(desk.page(LIST + "?page=9"))) == 4


@pytest.mark.parametrize("query", ["?state=odd", "?page=0", "?page=x"])
def test_wishes_that_make_no_sense_are_refused(desk: Counter, query: str) -> None:
    desk.page(LIST + query, 422)


def test_a_door_that_is_not_there_is_not_found(desk: Counter) -> None:
    desk.page(LIST + "/door-99", 404)


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ("5c2623-21-3-0000a1b2", Device("21.3", "0000A1B2", "5C2623")),
        ("odd reader", Device("odd reader", "—", "—")),
        ("5c2623-21-3", Device("5c2623-21-3", "—", "—")),
    ],
)
def test_a_device_is_told_by_what_it_said(identity: str, told: Device) -> None:
    assert device(identity) == told
