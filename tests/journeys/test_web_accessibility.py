"""Every page, in both colour schemes and on both sizes of screen, under axe-core."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from controller.uplink.commissioning import Check
from controller.vocabulary import AlarmKind, Reason
from registry.domain.responsibility import Responsible
from tests.support.browser import DESKTOP, PHONE, chromium, visit
from tests.support.commissioning import RECORD
from tests.support.edge_feed import EdgeFeed, alarm, tap
from tests.support.registry_site import Site, served
from tests.support.rule_documents import OFFICE, full
from tests.support.small_street import OLD_CARD, small_street

pytestmark = pytest.mark.browser
WHO = Responsible("王工", "白天对外办事", "test")
PAGES = (
    "/",
    "/communities/C01",
    "/buildings/B001",
    "/buildings/B001/units/0201",
    "/buildings/B001/truth",
    "/buildings/B001/units/0302/truth?as_of=2026-01-01",
    "/doors",
    "/doors/door-1",
    "/doors/door-2",
    "/doors/door-1/rules",
    "/doors/door-2/rules?preset=night",
    "/doors/door-1/open",
    "/doors/door-1/open/1",
    "/calendar/2026",
    "/calendar/2098",
    "/alarms",
    "/alarms/1/acknowledge",
    "/commissioning",
    "/commissioning?state=failed&community=C01",
    "/commissioning/door-1",
    "/commissioning/door-2",
    "/commissioning/door-3",
    "/tenancies/new?unit=B001-0302",
    "/tenancies/T1",
    "/tenancies/T1/end",
    "/units/B001-0201/cards/1/end",
    "/units/B001-0201/cards/1/pin",
    "/nowhere",
    "/doors?size=large",
)
RULES = {
    "runOnly": {
        "type": "tag",
        "values": [
            "wcag2a",
            "wcag2aa",
            "wcag21a",
            "wcag21aa",
            "wcag22aa",
            "best-practice",
        ],
    },
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("registry"), small_street) as opened:
        feed, now = EdgeFeed(opened.services), opened.services.clock()
        feed.record(
            [
                tap("door-1", now - timedelta(hours=3), OLD_CARD),
                tap("door-1", now - timedelta(hours=2), None, Reason.EXIT_REQUEST),
                tap("door-1", now - timedelta(hours=1), 99, Reason.UNKNOWN_CARD),
                *(alarm("door-1", now, kind) for kind in AlarmKind),
                alarm("door-2", now, AlarmKind.TAMPER, over=True),
                alarm("door-3", now, AlarmKind.TAMPER, over=True),
            ]
        )
        feed.report(["door-1"], 1)
        feed.commission(RECORD, replace(RECORD, at=now, passed=frozenset(Check)))
        for number in (2, 7):
            with opened.services.store.writing() as uow:
                opened.services.alarms.acknowledge(
                    uow, number, "王工", "已到场", "test"
                )
        with opened.services.store.writing() as uow:
            for door, rules in (
                ("door-1", full(OLD_CARD, "door-2")),
                ("door-2", OFFICE),
            ):
                opened.services.door_rules.replace(uow, door, rules, WHO)
            opened.services.orders.open_door(uow, "door-1", WHO)
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def findings(page: Page) -> list[str]:
    """Return what axe-core objects to, with the elements."""
    violations = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{v['impact']} {v['id']}: {[node['html'][:120] for node in v['nodes'][:3]]}"
        for v in violations
    ]


@pytest.mark.parametrize(
    ("screen", "scheme"),
    [(PHONE, "dark"), (DESKTOP, "light")],
    ids=["phone-dark", "desktop-light"],
)
def test_no_page_shuts_anybody_out(
    browser: Browser, site: Site, screen: dict[str, int], scheme: str
) -> None:
    with visit(browser, site, viewport=screen, color_scheme=scheme) as seen:
        page = seen.page
        for path in PAGES:
            page.goto(path)
            assert (path, findings(page)) == (path, [])
        page.goto("/tenancies/new?unit=B001-0302")
        page.get_by_role("button", name="登记并下发授权").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert findings(page) == []


@pytest.mark.parametrize("width", [390, 320, 240])
def test_no_page_is_wider_than_its_screen(
    browser: Browser, site: Site, width: int
) -> None:
    with visit(browser, site, viewport={"width": width, "height": 800}) as seen:
        for path in PAGES:
            seen.page.goto(path)
            wide = seen.page.evaluate("document.documentElement.scrollWidth")
            assert (path, wide) == (path, width)
