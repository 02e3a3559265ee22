"""Opening a door from afar, and the calendar: asked twice, told honestly."""

import re
from collections.abc import Iterator

import pytest

from controller.uplink.messages import (
    NONCE_SIZE,
    OrderOutcome,
    OrderRequest,
    OrderResult,
)
from controller.vocabulary import GatewayId
from registry.domain.orders import OrderState
from registry.domain.special_days import PUBLISHED, DayKind
from registry.persistence.audit_entries import AuditEntries
from registry.web.words import DAY_KINDS, ORDER_STATES
from tests.support.counter import Counter, counter

OPEN, CALENDAR = "/doors/door-1/open", "/calendar/2026"
WHO = {"operator": "王工", "reason": "快递送货"}
SURE = WHO | {"confirmed": "yes"}
GATEWAY = GatewayId("gateway-1")
UNKNOWN_YEAR = max(PUBLISHED) + 1


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


def hand_out(desk: Counter, outcome: OrderOutcome | None = None) -> None:
    """Do as the gateway does: take the order and tell what became of it."""
    asked = OrderRequest(GATEWAY, bytes(NONCE_SIZE))
    with desk.services.store.writing() as uow:
        (order,) = desk.services.orders.hand_out(uow, asked).orders
    if outcome is not None:
        result = OrderResult(order.nonce, outcome)
        told = OrderRequest(GATEWAY, bytes(NONCE_SIZE), results=(result,))
        with desk.services.store.writing() as uow:
            desk.services.orders.heard(uow, told)


def orders(desk: Counter) -> int:
    with desk.services.store.reading() as uow:
        return uow.orders.last_number()


def test_nothing_opens_before_it_is_confirmed(desk: Counter) -> None:
    asked = desk.send(OPEN, **WHO)
    assert asked.status_code == 200
    assert "确认远程开门" in asked.text
    assert 'name="confirmed" value="yes"' in asked.text
    assert 'name="reason" value="快递送货"' in asked.text
    assert orders(desk) == 0
    done = desk.send(OPEN, **SURE)
    assert (done.status_code, done.headers["location"]) == (303, f"{OPEN}/1")
    with desk.services.store.reading() as uow:
        last = AuditEntries(uow.session).of_subject("door:door-1")[-1]
    assert (last.actor, last.reason) == ("王工 via staff@loopback", "快递送货")


def test_who_and_why_are_asked_for(desk: Counter) -> None:
    answer = desk.send(OPEN, operator="", reason="", confirmed="yes")
    assert answer.status_code == 422
    assert "请填写操作人姓名" in answer.text
    assert "请写明原因" in answer.text
    assert orders(desk) == 0


def test_a_second_order_has_to_wait(desk: Counter) -> None:
    desk.send(OPEN, **SURE)
    answer = desk.send(OPEN, **SURE)
    assert answer.status_code == 429
    assert re.search(r"请 [1-5] 秒后再试", answer.text)
    assert orders(desk) == 1


def test_an_offline_door_is_no_secret(desk: Counter) -> None:
    assert "现在不在线" in desk.page(OPEN)
    desk.feed.report(["door-1"], 1)
    assert "现在不在线" not in desk.page(OPEN)


@pytest.mark.parametrize("outcome", OrderOutcome)
def test_the_outcome_is_told_and_then_no_longer_asked_for(
    desk: Counter, outcome: OrderOutcome
) -> None:
    desk.send(OPEN, **SURE)
    assert "等网关来取" in desk.page(f"{OPEN}/1")
    assert 'hx-trigger="every 1s"' in desk.page(f"{OPEN}/1")
    hand_out(desk, outcome)
    page = desk.page(f"{OPEN}/1")
    word = ORDER_STATES[OrderState(outcome)].word
    assert word in page
    assert "every 1s" not in page
    assert word in desk.page("/doors/door-1")


def test_a_part_of_the_page_is_enough_for_a_refresh(desk: Counter) -> None:
    desk.send(OPEN, **SURE)
    hand_out(desk)
    answer = desk.client.get(f"{OPEN}/1", headers={"HX-Request-Type": "partial"})
    assert "网关正在开门" in answer.text
    assert "<html" not in answer.text


def test_an_order_of_another_door_is_not_found(desk: Counter) -> None:
    desk.send(OPEN, **SURE)
    desk.page("/doors/door-2/open/1", 404)
    desk.page(f"{OPEN}/2", 404)
    desk.page("/doors/door-9/open", 404)


def test_this_year_is_the_calendars_first_page(desk: Counter) -> None:
    year = desk.services.special_days.this_year()
    assert f"<h1>{year} 年日历</h1>" in desk.page("/calendar")


def test_a_published_year_is_listed_run_by_run(desk: Counter) -> None:
    page = desk.page(CALENDAR)
    assert "尚未公布" not in page
    assert page.count("国庆节") == 3
    national = re.search(r"10-01 周四</span> 至 .*?10-07 周三</span></th>.*", page)
    assert national is not None
    assert "国庆节 · 7 天" in national[0]


def test_an_unpublished_year_is_said_plainly(desk: Counter) -> None:
    page = desk.page(f"/calendar/{UNKNOWN_YEAR}")
    assert "尚未公布" in page
    assert "没有特殊日子" in page


def test_the_streets_days_are_set_and_given_back(desk: Counter) -> None:
    place = f"/calendar/{UNKNOWN_YEAR}"
    days = {"first": f"{UNKNOWN_YEAR}-05-01", "last": f"{UNKNOWN_YEAR}-05-03"}
    done = desk.send(place, kind="holiday", **days, **WHO)
    assert done.headers["location"] == f"{place}?done=1"
    page = desk.page(f"{place}?done=1")
    for words in ("已保存", "3 天", "本街道", DAY_KINDS[DayKind.HOLIDAY].word):
        assert words in page
    one = {"first": f"{UNKNOWN_YEAR}-05-02"}
    desk.send(place, kind="library", **one, **WHO)
    assert desk.page(place).count("本街道</b>") == 2
    desk.send(place, kind="library", **days, **WHO)
    assert "没有特殊日子" in desk.page(place)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first": ""}, "first"),
        ({"first": "2025-10-01"}, "first"),
        ({"first": "soon"}, "first"),
        ({"last": "2027-01-01"}, "last"),
        ({"last": "2026-09-30"}, "last"),
        ({"kind": ""}, "kind"),
        ({"kind": "feast"}, "kind"),
        ({"operator": ""}, "operator"),
        ({"reason": "一\n二"}, "reason"),
    ],
)
def test_wrong_days_are_told_beside_their_field(
    desk: Counter, changes: dict[str, str], field: str
) -> None:
    good = {"first": "2026-10-08", "last": "2026-10-09", "kind": "holiday"} | WHO
    answer = desk.send(CALENDAR, **good | changes)
    assert answer.status_code == 422
    assert re.findall(r'class="wrong" id="(\w+)-wrong"', answer.text) == [field]
    assert "本街道</b>" not in desk.page(CALENDAR)


def test_no_calendar_of_a_far_age(desk: Counter) -> None:
    desk.page("/calendar/1999", 422)
