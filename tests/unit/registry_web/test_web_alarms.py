import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from controller.vocabulary import AlarmKind
from registry.domain.alarms import Acknowledgement, Alarm
from registry.domain.hardware import Door, DoorStatus
from registry.persistence.audit_entries import AuditEntries
from registry.web.alarms import Places, row, span
from registry.web.live import BEAT_SECONDS
from tests.support.counter import Counter, counter
from tests.support.edge_feed import alarm

FORM = "/alarms/1/acknowledge"
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATUS = DoorStatus(Door("door-1", "reader-1", "B001", "正门"), "gateway-1", "osdp")
PLACES = Places({"door-1": STATUS}, {"B001": "示例楼一"})
ALARM = Alarm(1, "door-1", AlarmKind.TAMPER, NOON, None, NOON, "gateway-1", 1, 1)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("quiet")) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        ring(opened, AlarmKind.FORCED_OPEN)
        yield opened


def ring(desk: Counter, kind: AlarmKind, *, over: bool = False) -> None:
    desk.feed.record([alarm("door-1", desk.services.clock(), kind, over=over)])


def tally(page: str) -> str | None:
    """Return the number in the navigation, if one is shown."""
    found = re.search(r'<b id="tally" class="tally"( hidden)?>([0-9+]+)<', page)
    assert found is not None
    return None if found[1] else found[2]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "不到 1 分钟"),
        (59 * MINUTE / 60, "不到 1 分钟"),
        (MINUTE, "1 分钟"),
        (119.9 * MINUTE, "1 小时"),
        (timedelta(days=3, hours=5), "3 天"),
        (-MINUTE, "不到 1 分钟"),
    ],
)
def test_a_length_is_told_in_its_largest_unit(length: timedelta, words: str) -> None:
    assert span(length) == words


def test_a_house_shows_the_alarms_of_its_own_doors(desk: Counter) -> None:
    desk.feed.record([alarm("door-3", desk.services.clock(), AlarmKind.POWER)])
    page = desk.page("/buildings/B001")
    assert "本楼未结束的报警" in page
    assert "强行开门" in page
    assert "电源异常" not in page
    assert 'href="/alarms/1/acknowledge"' in page
    assert "本楼未结束的报警" in desk.page("/buildings/B001/units/0201")


def test_a_quiet_house_says_nothing_of_alarms(quiet: Counter) -> None:
    assert "未结束的报警" not in quiet.page("/buildings/B001")


def test_a_row_says_where_what_and_how_long() -> None:
    lasting = row(ALARM, PLACES, NOON + 5 * MINUTE)
    assert (lasting.door, lasting.house, lasting.lasts, lasting.waits) == (
        "正门",
        "示例楼一",
        "已持续 5 分钟",
        True,
    )
    over = replace(
        ALARM,
        cleared_at=NOON + 2 * MINUTE,
        acknowledgement=Acknowledgement("王工", NOON),
    )
    told = row(over, PLACES, NOON + 9 * MINUTE)
    assert (told.lasts, told.waits) == ("前后 2 分钟", False)
    stray = row(replace(ALARM, door="door-9"), PLACES, NOON)
    assert (stray.door, stray.building, stray.house) == ("door-9", None, None)


def test_without_an_alarm_the_page_says_so(quiet: Counter) -> None:
    page = quiet.page("/alarms")
    assert "没有需要处理的报警。" in page
    assert tally(page) is None
    assert "<table" not in page
    assert "未结束的报警" not in quiet.page("/doors/door-1")


def test_an_open_alarm_is_counted_on_every_page_and_told_at_its_door(
    desk: Counter,
) -> None:
    page = desk.page("/alarms")
    assert "强行开门" in page
    assert "待确认 · 仍在持续" in page
    assert 'href="/doors/door-1"' in page
    assert 'href="/buildings/B001"' in page
    assert 'href="/alarms/1/acknowledge"' in page
    assert "1 条待确认，1 条仍在持续" in page
    for path in ("/", "/doors", "/doors/door-1", "/buildings/B001", "/alarms"):
        assert tally(desk.page(path)) == "1"
    assert 'id="alarm-1"' in desk.page("/doors/door-1")
    assert 'id="alarm-1"' not in desk.page("/doors/door-2")


def test_many_alarms_are_bounded_and_counted(desk: Counter) -> None:
    for _ in range(120):
        ring(desk, AlarmKind.TAMPER, over=True)
    page = desk.page("/alarms")
    assert tally(page) == "99+"
    assert page.count("<tr id=") == 100
    assert "只显示最新的 100 条，另有 21 条" in page


def test_an_alarm_is_taken_on_by_name_and_closed_when_it_is_over(
    desk: Counter,
) -> None:
    answer = desk.send(FORM, operator="王工", note="已到场 <b>")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alarms?done=1")
    page = desk.page("/alarms?done=1")
    assert "已确认 · 仍在持续" in page
    assert "王工" in page
    assert "已到场 &lt;b&gt;" in page
    assert "已确认。原因消除后" in page
    assert tally(page) is None
    with desk.services.store.reading() as uow:
        (entry,) = AuditEntries(uow.session).of_subject("alarm:1")
        (taken_on,) = uow.alarms.after(0, 10, None, None)
    assert entry.actor == "王工 via staff@loopback"
    desk.feed.record(
        [alarm("door-1", taken_on.raised_at, AlarmKind.FORCED_OPEN, over=True)]
    )
    page = desk.page("/alarms")
    assert "没有需要处理的报警。" in page
    assert "最近结束" in page
    assert "已结束" in page


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"operator": " ", "note": "留下的话"}, "请填写确认人姓名"),
        ({"operator": "王" * 51}, "姓名太长"),
        ({"operator": "王工", "note": "一\n二"}, "备注太长或含有换行"),
    ],
)
def test_what_is_wrong_is_told_beside_what_was_typed(
    desk: Counter, fields: dict[str, str], says: str
) -> None:
    answer = desk.send(FORM, **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert fields.get("note", "").partition("\n")[0] in answer.text
    assert tally(desk.page("/alarms")) == "1"


def test_a_form_of_somebody_else_changes_nothing(desk: Counter) -> None:
    fields = {"operator": "王工"}
    assert desk.client.post(FORM, data=fields).status_code == 403
    desk.page(FORM)
    assert desk.client.post(FORM, data=fields | {"token": "x"}).status_code == 403
    foreign = {"sec-fetch-site": "cross-site"}
    assert desk.client.post(FORM, data=fields, headers=foreign).status_code == 403
    assert tally(desk.page("/alarms")) == "1"


def test_an_alarm_somebody_took_on_offers_no_form(desk: Counter) -> None:
    token = re.search(r'name="token" value="([^"]*)"', desk.page(FORM))
    assert token is not None
    fields = {"operator": "王工", "token": token[1]}
    desk.client.post(FORM, data=fields)
    assert desk.client.post(FORM, data=fields).status_code == 409
    desk.page(FORM, 409)


@pytest.mark.parametrize(
    ("number", "status"),
    [("2", 404), ("0", 422), ("-1", 422), (str(2**63), 422), ("x", 422), ("%00", 422)],
)
def test_a_number_that_names_no_alarm_is_a_page(
    desk: Counter, number: str, status: int
) -> None:
    desk.page(f"/alarms/{number}/acknowledge", status)
    answer = desk.send(f"/alarms/{number}/acknowledge", FORM, operator="王工")
    assert answer.status_code == status


def told(answer: httpx.Response) -> Iterator[str]:
    """Return the boards of a stream, beats left out."""
    text = ""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            text += line.removeprefix("data: ")
        elif not line and text:
            yield text
            text = ""


def test_the_stream_tells_the_whole_board_at_every_change(desk: Counter) -> None:
    with desk.client.stream("GET", "/live/alarms") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        boards = told(answer)
        first = next(boards)
        assert "1 条待确认" in first
        assert 'hx-swap-oob="true">1<' in first
        ring(desk, AlarmKind.POWER)
        second = next(boards)
    assert "2 条待确认" in second
    assert "电源异常" in second
    assert 'hx-swap-oob="true">2<' in second


def test_silence_has_a_beat(quiet: Counter) -> None:
    patience = 4 * BEAT_SECONDS
    with quiet.client.stream("GET", "/live/alarms", timeout=patience) as answer:
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == (
            "event: beat"
        )
