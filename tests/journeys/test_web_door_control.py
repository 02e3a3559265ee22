"""A clerk changes how a door behaves, and opens it from afar, before their eyes."""

import re
from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, expect

from controller.cose import Signer
from controller.door_rules import DoorMode
from controller.uplink.codec import decode, encode
from controller.uplink.messages import (
    NONCE_SIZE,
    DoorOrders,
    DoorRuleBook,
    Message,
    OrderOutcome,
    OrderRequest,
    OrderResult,
    RulesRequest,
)
from controller.vocabulary import GatewayId, Revision
from tests.support.browser import DESKTOP, PHONE, chromium, visit
from tests.support.edge_feed import EdgeFeed
from tests.support.registry_bench import public_pem
from tests.support.registry_site import Site, served
from tests.support.small_street import small_street

pytestmark = pytest.mark.browser
GATEWAY = GatewayId("gateway-1")
KEY = Ed25519PrivateKey.generate()
NONCE = bytes(NONCE_SIZE)


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("registry"), small_street) as opened:
        with opened.services.store.writing() as uow:
            opened.services.gateways.enroll(uow, GATEWAY, public_pem(KEY), "test")
        EdgeFeed(opened.services).report(["door-1", "door-2", "door-3"], 1)
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def ask(site: Site, what: str, message: Message) -> Message:
    """Ask as the gateway does, and check who answers."""
    body = encode(message, Signer(KEY, GATEWAY))
    answer = httpx.post(f"{site.url}/api/gateways/{what}", content=body)
    assert answer.status_code == 200
    public = site.services.signer.key.public_key()
    kinds = (DoorRuleBook, DoorOrders)
    return decode(answer.content, {"registry": public}.get, *kinds)[1]


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_mode_is_changed_and_seen_to_be_in_force(
    browser: Browser, site: Site, screen: dict[str, int]
) -> None:
    with visit(browser, site, viewport=screen) as seen:
        page = seen.page
        page.goto("/doors/door-1")
        expect(page.get_by_text("没有另设规则：全天受控")).to_be_visible()
        page.get_by_role("link", name="修改规则").click()
        page.get_by_role("link", name="夜间锁闭").click()
        page.get_by_role("radio", name="常开").check()
        page.get_by_label("第 1 行的时段").fill("夜里")
        page.get_by_role("button", name="保存并下发").click()
        expect(page.get_by_role("alert")).to_contain_text("时段无法识别")
        page.get_by_label("第 1 行的时段").fill("每天 23:00-次日06:00")
        page.get_by_label("操作人").fill("王工")
        page.get_by_label("原因").fill("库房改为夜间锁闭")
        page.get_by_role("button", name="保存并下发").click()

        expect(page).to_have_url(re.compile(r"/doors/door-1\?done=rules$"))
        rules = page.locator("#rules")
        expect(rules).to_contain_text("每天 00:00-06:00、23:00-24:00 常闭")
        expect(rules).to_contain_text("常开：不用刷卡，推门就开")
        expect(rules).to_contain_text("待下发")
        told = ask(site, "rules", RulesRequest(GATEWAY, Revision(0)))
        assert isinstance(told, DoorRuleBook)
        assert [rule.mode for rule in told.book.doors] == [DoorMode.UNLOCKED]
        expect(rules).to_contain_text("已下发，待网关采用")
        ask(site, "rules", RulesRequest(GATEWAY, told.book.revision))
        expect(rules).to_contain_text("网关已采用")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(OrderOutcome.DONE, "门已打开"), (OrderOutcome.OFFLINE, "门离线，没有开门")],
)
def test_a_door_is_opened_from_afar_and_the_outcome_shows(
    browser: Browser, site: Site, outcome: OrderOutcome, words: str
) -> None:
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto("/doors/door-1")
        page.get_by_role("link", name="远程开门").click()
        page.get_by_label("操作人").fill("王工")
        page.get_by_label("原因").fill("快递送货")
        page.get_by_role("button", name="下一步").click()
        expect(page.get_by_role("heading", name="确认远程开门")).to_be_visible()
        page.get_by_role("button", name="确认开门").click()
        expect(page).to_have_url(re.compile(r"/doors/door-1/open/1$"))

        handed = ask(site, "orders", OrderRequest(GATEWAY, NONCE))
        assert isinstance(handed, DoorOrders)
        (order,) = handed.orders
        assert order.door == "door-1"
        expect(page.locator("#order")).to_contain_text("网关正在开门")
        result = OrderResult(order.nonce, outcome)
        ask(site, "orders", OrderRequest(GATEWAY, NONCE, results=(result,)))
        expect(page.locator("#order")).to_contain_text(words)
        page.get_by_role("link", name="返回这扇门").click()
        expect(page.locator("#rules")).to_contain_text("快递送货")
        expect(page.locator("#rules")).to_contain_text(words)


def test_without_scripts_an_order_nobody_took_is_told_as_late(
    browser: Browser, site: Site
) -> None:
    with visit(browser, site, viewport=PHONE, java_script_enabled=False) as seen:
        page = seen.page
        page.goto("/doors/door-1/open")
        page.get_by_label("操作人").fill("王工")
        page.get_by_label("原因").fill("快递送货")
        page.get_by_role("button", name="下一步").click()
        page.get_by_role("button", name="确认开门").click()
        expect(page.get_by_text("已过期，没有开门")).to_be_visible()


def test_a_year_nobody_published_gets_the_streets_own_days(
    browser: Browser, site: Site
) -> None:
    with visit(browser, site, viewport=PHONE) as seen:
        page = seen.page
        page.goto("/calendar/2098")
        expect(page.get_by_text("尚未公布")).to_be_visible()
        page.get_by_label("从", exact=True).fill("2098-05-01")
        page.get_by_label("到", exact=True).fill("2098-05-03")
        page.get_by_label("放假 · 按周日").check()
        page.get_by_label("操作人").fill("王工")
        page.get_by_label("原因").fill("劳动节安排")
        page.get_by_role("button", name="保存并下发").click()
        expect(page.get_by_role("status").get_by_text("已保存")).to_be_visible()
        expect(page.get_by_role("row", name="05-01")).to_contain_text("3 天")
