"""A clerk records a tenancy and watches the doors take it up."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESKTOP, PHONE, chromium, visit
from tests.support.edge_feed import EdgeFeed
from tests.support.registry_site import Site, served
from tests.support.small_street import FREE_CARD, OLD_CARD, small_street

pytestmark = pytest.mark.browser


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("registry"), small_street) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def fill(page: Page, site: Site, card: int = FREE_CARD) -> None:
    """Fill everything but the confirmation."""
    today = site.services.housing.today()
    page.get_by_label("入住人姓名").fill("新住户戊")
    page.get_by_label("门禁卡号").fill(str(card))
    page.get_by_label("租期开始").fill(today.isoformat())
    page.get_by_label("租期结束").fill((today + timedelta(days=365)).isoformat())


def revision(site: Site) -> int:
    with site.services.store.reading() as uow:
        return uow.permits.revision()


def test_a_tenancy_travels_from_the_house_page_to_the_doors(
    browser: Browser, site: Site
) -> None:
    feed = EdgeFeed(site.services)
    feed.report(["door-1", "door-2"], revision(site))
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto("/buildings/B001")
        page.get_by_role("link", name="0303").click()
        expect(page.locator("#detail h2")).to_have_text("0303 房")
        page.get_by_role("link", name="登记入住").last.click()
        expect(page.get_by_label("房屋")).to_have_value("B001-0303")
        fill(page, site, OLD_CARD)
        page.get_by_role("button", name="登记并下发授权").click()
        expect(page.get_by_role("alert")).to_contain_text("有 2 处需要改正")
        expect(page.locator("#card-wrong")).to_contain_text("这张卡已在别人名下")
        expect(page.locator("#confirm-wrong")).to_contain_text("核对后勾选")
        expect(page.get_by_label("入住人姓名")).to_have_value("新住户戊")
        page.get_by_role("link", name="这张卡已在别人名下").click()
        expect(page.get_by_label("门禁卡号")).to_be_focused()
        page.keyboard.press("Control+A")
        page.keyboard.type(str(FREE_CARD))
        page.get_by_label("我已与入住人核对以上内容").check()
        page.get_by_role("button", name="登记并下发授权").click()
        expect(page.get_by_text("待下发")).to_have_count(2)
        feed.hand_out(revision(site))
        expect(page.get_by_text("已下发，待门确认")).to_have_count(2)
        feed.report(["door-1", "door-2"], revision(site))
        expect(page.get_by_text("全部门已确认生效")).to_be_visible()
        page.get_by_role("link", name="返回房屋").click()
        expect(page.locator("#detail")).to_contain_text("新*")
        expect(page.locator("#detail")).to_contain_text("卡 …7777")
        expect(page.locator(".cell[aria-current]")).to_contain_text("1 人")


def test_a_form_sent_in_a_hurry_is_recorded_once(browser: Browser, site: Site) -> None:
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto("/tenancies/new?unit=B001-0303")
        fill(page, site)
        page.get_by_label("我已与入住人核对以上内容").check()
        page.evaluate(
            "const form = document.querySelector('form'); form.submit(); form.submit()"
        )
        expect(page.get_by_role("heading", name="租约")).to_be_visible()
    with site.services.store.reading() as uow:
        assert len(uow.tenancies.of_units(["B001-0303"])) == 1


def test_all_of_it_works_without_scripts(browser: Browser, site: Site) -> None:
    with visit(browser, site, viewport=PHONE, java_script_enabled=False) as seen:
        page = seen.page
        page.goto("/buildings/B001/units/0303")
        page.get_by_role("link", name="登记入住").last.click()
        fill(page, site)
        page.get_by_label("我已与入住人核对以上内容").check()
        page.get_by_role("button", name="登记并下发授权").click()
        expect(page.get_by_text("待下发")).to_have_count(2)
        feed = EdgeFeed(site.services)
        feed.hand_out(revision(site))
        feed.report(["door-1", "door-2"], revision(site))
        expect(page.get_by_text("全部门已确认生效")).to_be_visible()
        page.get_by_role("link", name="返回房屋").click()
        page.get_by_text("挂失、注销或退还门禁卡").click()
        page.get_by_role("link", name="卡 …7777").click()
        page.get_by_label("挂失").check()
        page.get_by_role("button", name="确认停用").click()
        expect(page.get_by_text("门禁卡已停用")).to_be_visible()
        page.get_by_role("link", name="结束租约").click()
        page.get_by_role("button", name="确认结束租约").click()
        expect(page.get_by_text("租约已结束，")).to_be_visible()
