"""Whoever is on duty sees a door forced open, and takes the alarm on."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from controller.vocabulary import AlarmKind
from tests.support.browser import DESKTOP, PHONE, chromium, visit
from tests.support.edge_feed import EdgeFeed, alarm
from tests.support.registry_site import Site, served
from tests.support.small_street import small_street

pytestmark = pytest.mark.browser
FORCED = AlarmKind.FORCED_OPEN


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("registry"), small_street) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_forced_door_is_seen_taken_on_and_closed(
    browser: Browser, site: Site, screen: dict[str, int]
) -> None:
    feed, now = EdgeFeed(site.services), site.services.clock()
    with visit(browser, site, viewport=screen) as seen:
        page = seen.page
        page.goto("/")
        page.get_by_role("link", name="报警").click()
        expect(page.get_by_text("没有需要处理的报警。")).to_be_visible()
        expect(page.get_by_text("实时更新")).to_be_visible()
        expect(page.locator("#tally")).to_be_hidden()

        feed.record([alarm("door-1", now, FORCED)])
        forced = page.get_by_role("row", name="强行开门")
        expect(forced).to_contain_text("待确认 · 仍在持续")
        expect(page.locator("#tally")).to_have_text("1 条待确认")
        feed.record([alarm("door-2", now, AlarmKind.HELD_OPEN)])
        expect(page.locator("#tally")).to_have_text("2 条待确认")

        forced.get_by_role("link", name="示例楼一正门的强行开门").click()
        expect(page.get_by_role("heading", name="确认报警：强行开门")).to_be_visible()
        page.get_by_role("button", name="确认报警").click()
        expect(page.get_by_role("alert")).to_contain_text("请填写确认人姓名")
        page.get_by_label("确认人").fill("王工")
        page.get_by_label("备注").fill("已到场，锁舌变形")
        page.get_by_role("button", name="确认报警").click()

        expect(page).to_have_url(re.compile(r"/alarms\?done=1$"))
        expect(forced).to_contain_text("已确认 · 仍在持续")
        expect(forced).to_contain_text("已到场，锁舌变形")
        expect(page.locator("#tally")).to_have_text("1 条待确认")
        rows = page.locator("#board tbody tr")
        expect(rows.first).to_contain_text("门长时间未关")

        feed.record([alarm("door-1", now, FORCED, over=True)])
        expect(page.get_by_role("heading", name="最近结束")).to_be_visible()
        expect(forced).to_contain_text("已结束")
        forced.get_by_role("link", name="正门").click()
        expect(page.get_by_role("heading", name="正门")).to_be_visible()
        expect(page.get_by_text("未结束的报警")).to_have_count(0)
        expect(page.get_by_text("实时更新")).to_be_visible()
        expect(page.get_by_text("还没有记录。")).to_be_visible()


def test_an_update_leaves_the_keyboard_where_it_was(
    browser: Browser, site: Site
) -> None:
    feed, now = EdgeFeed(site.services), site.services.clock()
    feed.record([alarm("door-1", now, FORCED)])
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto("/alarms")
        expect(page.get_by_text("实时更新")).to_be_visible()
        page.get_by_role("link", name="示例楼一正门的强行开门").focus()
        feed.record([alarm("door-2", now, AlarmKind.POWER)])
        expect(page.locator("#board tbody tr")).to_have_count(2)
        expect(page.get_by_role("link", name="示例楼一正门的强行开门")).to_be_focused()


def test_without_scripts_an_alarm_can_be_taken_on(browser: Browser, site: Site) -> None:
    EdgeFeed(site.services).record([alarm("door-1", site.services.clock(), FORCED)])
    with visit(browser, site, viewport=PHONE, java_script_enabled=False) as seen:
        page = seen.page
        page.goto("/doors/door-1")
        page.get_by_role("link", name="强行开门").click()
        page.get_by_label("确认人").fill("王工")
        page.get_by_role("button", name="确认报警").click()
        expect(page.get_by_text("已确认 · 仍在持续")).to_be_visible()
        expect(page.get_by_text("刷新页面查看新记录")).to_be_visible()
