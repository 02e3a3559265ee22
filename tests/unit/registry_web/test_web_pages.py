from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from controller.vocabulary import Reason
from registry.persistence.audit_entries import AuditEntries
from registry.web.security import HEADERS
from tests.support.counter import Counter, counter
from tests.support.edge_feed import tap
from tests.support.small_street import OLD_CARD, small_street

EVERY_PAGE = (
    "/",
    "/communities/C01",
    "/buildings/B001",
    "/buildings/B001/units/0201",
    "/doors",
    "/doors/door-1",
    "/tenancies/new",
    "/tenancies/new?unit=B001-0302",
    "/tenancies/T1",
    "/tenancies/T1/end",
    "/units/B001-0201/cards/1/end",
)
NOWHERE = (
    "/nowhere",
    "/communities/C99",
    "/communities/G001",
    "/buildings/B999",
    "/buildings/B001/units/9999",
    "/buildings/B999/doors",
    "/doors/door-9",
    "/tenancies/T9",
    "/tenancies/T9/permits",
    "/tenancies/T9/end",
    "/units/B001-0201/cards/99/end",
    "/units/B001-9999/cards/1/end",
    "/units/B001-0202/cards/1/end",
)
MALFORMED = (
    "/doors?state=strange",
    "/doors?page=0",
    "/doors/door-1?before=yesterday",
    "/buildings/B001/units/0201?before=.",
    "/units/B001-0201/cards/one/end",
    "/live/unit/B001-0201",
    "/live/elsewhere/B001?after=0",
    "/live/unit/B001-0201?after=-1",
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_page_answers_in_chinese_with_every_header(
    desk: Counter, path: str
) -> None:
    answer = desk.client.get(path)
    assert answer.status_code == 200
    assert '<html lang="zh-CN">' in answer.text
    assert answer.text.count("<h1") == 1
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_not_on_record_is_a_page_that_says_so(desk: Counter, path: str) -> None:
    assert "找不到这个页面" in desk.page(path, 404)


@pytest.mark.parametrize("path", MALFORMED)
def test_what_cannot_be_read_is_a_page_that_says_so(desk: Counter, path: str) -> None:
    assert "无法识别这个请求" in desk.page(path, 422)


def test_machines_get_problems_not_pages(desk: Counter) -> None:
    answer = desk.client.get("/api/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_assets_are_served_from_here(desk: Counter) -> None:
    for name in ("app.css", "app.js", "htmx.min.js", "icons.svg", "favicon.svg"):
        answer = desk.client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-cache"
    assert desk.client.get("/static/../pages.py").status_code == 404


def test_the_house_shows_every_unit_with_its_state_in_words(desk: Counter) -> None:
    page = desk.page("/buildings/B001")
    for word in (
        "出租 · 已登记",
        "30 天内到期",
        "缺入住登记",
        "出租未备案",
        "自住",
        "空置",
        "商铺",
    ):
        assert f'<span class="word">{word}</span>' in page
    assert page.count('class="cell ') == 8


def test_no_page_shows_a_whole_name_or_a_whole_card(desk: Counter) -> None:
    now = desk.services.clock()
    desk.feed.record([tap("door-1", now, OLD_CARD)])
    pages = "".join(map(desk.page, EVERY_PAGE))
    for secret in ("示范住户乙", "东房甲", "期满住户丙", "业主丁", str(OLD_CARD)):
        assert secret not in pages
    assert "示*" in pages
    assert "…1234" in pages


def test_every_look_at_a_name_leaves_an_audit_entry(desk: Counter) -> None:
    def looks() -> int:
        with desk.services.store.reading() as uow:
            return len(AuditEntries(uow.session).of_subject("party:P2"))

    before = looks()
    desk.page("/buildings/B001/units/0201")
    assert looks() > before
    between = looks()
    desk.page("/buildings/B002")
    desk.page("/doors")
    assert looks() == between


def test_a_swap_gets_the_panel_alone(desk: Counter) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    path = "/buildings/B001/units/0201"
    panel = desk.client.get(path, headers=headers).text
    assert "<html" not in panel
    assert panel.strip() in desk.page(path) or "0201 房" in panel
    assert "楼盘表" not in panel


def test_an_error_in_a_swap_is_no_page_within_a_page(desk: Counter) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = desk.client.get("/buildings/B001/units/9999", headers=headers)
    assert answer.status_code == 404
    assert "找不到这个页面" in answer.text
    assert "<html" not in answer.text


def test_older_records_are_a_page_away(desk: Counter) -> None:
    start = desk.services.clock() - timedelta(hours=5)
    moments = [start + timedelta(minutes=n) for n in range(45)]
    desk.feed.record([tap("door-2", at, None, Reason.EXIT_REQUEST) for at in moments])
    path, seen = "/doors/door-2", 0
    for _ in range(9):
        page = desk.page(path)
        seen += page.count('class="line"')
        older = page.partition('href="?before=')[2].partition('"')[0]
        if not older:
            break
        path = f"/doors/door-2?before={older}"
    assert seen == 45


def test_the_size_of_the_type_is_remembered(desk: Counter) -> None:
    assert 'data-size="large"' in desk.page("/doors?size=large&state=all")
    assert 'data-size="large"' in desk.page("/")
    assert "?size=standard" in desk.page("/")
    assert "data-size" not in desk.page("/?size=standard")
    assert "data-size" not in desk.page("/?size=enormous")


def test_doors_are_filtered_counted_and_paged(desk: Counter) -> None:
    assert desk.page("/doors?page=99").count('scope="row"') == 4
    assert "共 0 扇" in desk.page("/doors?state=insecure")
    desk.feed.report(["door-1"], 1)
    assert "共 1 扇" in desk.page("/doors?state=online")
    assert "没有符合条件的门" in desk.page("/doors?state=insecure")


def test_invented_records_are_called_so_on_every_page(
    desk: Counter, tmp_path: Path
) -> None:
    assert [path for path in EVERY_PAGE if "示例数据" not in desk.page(path)] == []
    with counter(tmp_path, filled=False) as opened:
        street = small_street(opened.today) | {"example": False}
        with opened.services.store.writing() as uow:
            opened.services.seeding.load(uow, street, "test")
        assert "示例数据" not in opened.page("/")


def test_an_empty_registry_says_which_command_to_run(tmp_path: Path) -> None:
    with counter(tmp_path, filled=False) as opened:
        assert "menhu-registry seed" in opened.page("/")
        assert "共 0 扇" in opened.page("/doors")


def test_a_fault_of_ours_is_a_page_without_our_insides(
    desk: Counter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("示范住户乙")

    monkeypatch.setattr(type(desk.services.housing), "communities", broken)
    page = desk.page("/", 500)
    assert "系统出错" in page
    assert "示范住户乙" not in page + caplog.text
    assert "RuntimeError while making /" in caplog.text
