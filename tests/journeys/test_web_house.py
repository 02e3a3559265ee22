"""A grid officer looks at a house."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from controller.vocabulary import AlarmKind, Reason
from tests.support.browser import DESKTOP, PHONE, chromium, visit
from tests.support.edge_feed import EdgeFeed, alarm, tap
from tests.support.registry_site import Site, served
from tests.support.small_street import OLD_CARD, small_street

pytestmark = pytest.mark.browser
HOUSE = "/buildings/B001"
UNIT = "/buildings/B001/units/0201"
TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("registry"), small_street) as opened:
        yield opened


@pytest.fixture(scope="module")
def feed(site: Site) -> EdgeFeed:
    return EdgeFeed(site.services)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_without_chromium_tests_fail_and_name_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tests.support.browser.CHROMIUM", tmp_path / "chromium")
    with (
        pytest.raises(pytest.fail.Exception, match="Debian package `chromium`"),
        chromium(),
    ):
        pass


def small_targets(page: Page, least: int) -> list[str]:
    """Return links and buttons that are smaller than a finger."""
    found: list[str] = page.evaluate(
        """least => [...document.querySelectorAll('a, button, select, summary, input')]
        .filter(e => e.checkVisibility() && !e.closest('.vh, .skip'))
        .map(e => [e, (e.closest('.tick') ?? e).getBoundingClientRect()])
        .filter(([e, r]) => r.width && (r.height < least - .5 || r.width < least - .5))
        .map(([e, r]) => `${e.outerHTML.slice(0, 80)} ${r.width}x${r.height}`)""",
        least,
    )
    return found


def test_a_unit_opens_beside_the_matrix_and_back_goes_back(
    browser: Browser, site: Site
) -> None:
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto("/")
        page.get_by_role("link", name="示例社区一").click()
        page.get_by_role("link", name="示例楼一").click()
        page.evaluate("window.same = true")
        page.get_by_role("link", name="0201").click()
        expect(page.locator("#detail h2")).to_have_text("0201 房")
        expect(page.locator("#said")).to_have_text("已显示 0201 房")
        expect(page.locator(".cell[aria-current]")).to_contain_text("0201")
        expect(page).to_have_url(re.compile(UNIT))
        assert page.evaluate("window.same")
        page.get_by_role("link", name="0202").click()
        expect(page.locator("#detail h2")).to_have_text("0202 房")
        page.go_back()
        expect(page.locator("#detail h2")).to_have_text("0201 房")


def test_arrow_keys_walk_through_the_matrix(browser: Browser, site: Site) -> None:
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto(HOUSE)
        assert page.locator(".cell[tabindex='0']").count() == 1
        page.locator(".cell").first.focus()
        walk = (
            ("ArrowRight", "0302"),
            ("ArrowDown", "0202"),
            ("End", "0203"),
            ("ArrowDown", "0102"),
            ("ArrowDown", "0102"),
            ("Home", "0101"),
            ("ArrowLeft", "0101"),
        )
        for key, number in walk:
            page.keyboard.press(key)
            expect(page.locator(".cell:focus b")).to_have_text(number)
        page.keyboard.press("Enter")
        expect(page.locator("#detail h2")).to_have_text("0101 房")


def test_a_filter_leaves_only_its_state_bright(browser: Browser, site: Site) -> None:
    with visit(browser, site, viewport=DESKTOP, reduced_motion="reduce") as seen:
        page = seen.page
        page.goto(HOUSE)
        page.get_by_label("出租未备案").check(force=True)
        bright = page.evaluate(
            """[...document.querySelectorAll('.cell')]
            .filter(e => getComputedStyle(e).opacity === '1')
            .map(e => e.querySelector('b').textContent)"""
        )
        assert bright == ["0302"]


@pytest.mark.parametrize("path", [HOUSE, UNIT, "/doors/door-1"])
def test_a_passage_appears_without_a_reload(
    browser: Browser, site: Site, feed: EdgeFeed, path: str
) -> None:
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto(path)
        expect(page.get_by_text("实时更新")).to_be_visible()
        before = page.locator(".line").count()
        feed.record([tap("door-1", site.services.clock(), OLD_CARD)])
        expect(page.locator(".line")).to_have_count(before + 1)
        first = page.locator(".line").first
        expect(first).to_contain_text("刷卡开门")
        expect(first).to_contain_text("示* · 卡 …1234")
        feed.record([tap("door-1", site.services.clock(), OLD_CARD, Reason.OTHER_DOOR)])
        expect(first).to_contain_text("未放行")


def test_a_timeline_says_when_it_stands_still_and_goes_on(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path, small_street) as first:
        port = urlsplit(first.url).port
        assert port is not None
        opened = visit(browser, first, viewport=DESKTOP)
        seen = opened.__enter__()
        seen.page.goto("/doors/door-1")
        expect(seen.page.get_by_text("实时更新")).to_be_visible()
    expect(seen.page.get_by_text("连接中断，正在重连")).to_be_visible()
    expect(seen.page.get_by_text("实时更新")).to_be_hidden()
    with served(tmp_path, None, port) as second:
        EdgeFeed(second.services).record(
            [tap("door-1", second.services.clock(), OLD_CARD)]
        )
        expect(seen.page.get_by_text("实时更新")).to_be_visible()
        expect(seen.page.locator(".line")).to_have_count(1)
        seen.complaints.clear()
        opened.__exit__(None, None, None)


def test_on_a_phone_a_unit_opens_in_a_sheet(browser: Browser, site: Site) -> None:
    with visit(browser, site, **TOUCH) as seen:
        page = seen.page
        page.goto(HOUSE)
        page.get_by_role("link", name="0201").tap()
        sheet = page.get_by_role("dialog")
        expect(sheet).to_be_visible()
        expect(sheet.locator("h2")).to_have_text("0201 房")
        page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()
        expect(page.locator(".cell:focus b")).to_have_text("0201")
        page.get_by_role("link", name="0202").tap()
        expect(sheet.locator("h2")).to_have_text("0202 房")
        page.get_by_role("button", name="关闭").tap()
        expect(page.locator(".cols > #detail h2")).to_have_text("0202 房")
        page.reload()
        expect(sheet).to_be_visible()


PAGES = ("/", "/communities/C01", HOUSE, "/doors", "/doors/door-1", "/tenancies/T1")
ALARMS = ("/alarms", "/alarms/1/acknowledge")
COMMISSIONING = ("/commissioning", "/commissioning/door-1")
FORMS = ("/tenancies/new?unit=B001-0302", "/tenancies/T1/end", "/nowhere")


@pytest.mark.parametrize(("size", "least"), [("standard", 44), ("large", 60)])
def test_on_a_phone_fingers_fit_and_nothing_sticks_out(
    browser: Browser, site: Site, feed: EdgeFeed, size: str, least: int
) -> None:
    feed.record([alarm("door-1", site.services.clock(), AlarmKind.FORCED_OPEN)])
    with visit(browser, site, **TOUCH) as seen:
        page = seen.page
        page.goto(f"/?size={size}")
        for path in (*PAGES, *ALARMS, *COMMISSIONING, *FORMS):
            page.goto(path)
            assert (path, small_targets(page, least)) == (path, [])
            width = page.evaluate("document.documentElement.scrollWidth")
            assert (path, width) == (path, PHONE["width"])


def test_without_scripts_a_unit_is_a_page(browser: Browser, site: Site) -> None:
    with visit(browser, site, viewport=PHONE, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(HOUSE)
        page.get_by_role("link", name="0201").click()
        expect(page.locator("#detail h2")).to_have_text("0201 房")
        expect(page.get_by_text("刷新页面查看新记录")).to_be_visible()


def test_the_skip_link_is_the_first_stop_and_leads_to_the_text(
    browser: Browser, site: Site
) -> None:
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto(HOUSE)
        page.keyboard.press("Tab")
        expect(page.get_by_text("跳到正文")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_on_paper_there_is_nothing_to_press(browser: Browser, site: Site) -> None:
    with visit(browser, site, viewport=DESKTOP) as seen:
        page = seen.page
        page.goto(UNIT)
        page.emulate_media(media="print")
        expect(page.locator(".bar")).to_be_hidden()
        expect(page.locator(".actions").first).to_be_hidden()
        expect(page.locator(".matrix")).to_be_visible()
        expect(page.locator("#detail h2")).to_have_text("0201 房")
