from collections.abc import Iterator
from datetime import timedelta

import pytest

from registry.domain.credential import CredentialState
from tests.support.counter import Counter, counter
from tests.support.small_street import FREE_CARD, LANDLORD, OLD_CARD

NEW = "/tenancies/new"
WRONG = 'class="wrong"'


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """For tests that change nothing."""
    with counter(tmp_path_factory.mktemp("steady")) as opened:
        yield opened


def state(desk: Counter) -> tuple[int, int, int]:
    """Return what a refused form must not change."""
    with desk.services.store.reading() as uow:
        tenancies, parties = uow.tenancies.ids(), uow.parties.ids()
        return len(tenancies), len(parties), uow.permits.revision()


def test_a_tenancy_is_recorded_and_its_permits_are_published(desk: Counter) -> None:
    answer = desk.send(NEW, f"{NEW}?unit=B001-0303", **desk.tenancy(landlord=""))
    assert answer.status_code == 303
    shown = desk.page(answer.headers["location"])
    assert "已登记" in shown
    assert "新*" in shown
    assert "新住户戊" not in shown
    assert shown.count("待下发") == 2
    assert 'hx-trigger="every 1s"' in shown


def test_permits_are_followed_until_every_door_has_them(desk: Counter) -> None:
    answer = desk.send(NEW, **desk.tenancy())
    path = answer.headers["location"].partition("?")[0] + "/permits"
    revision = state(desk)[2]
    assert desk.page(path).count("门离线") == 2
    desk.feed.hand_out(revision)
    assert desk.page(path).count("已下发，待门确认") == 2
    desk.feed.report(["door-1"], revision)
    half = desk.page(path)
    assert "还有 1 条未生效" in half
    assert "hx-trigger" in half
    desk.feed.report(["door-2"], revision)
    done = desk.page(path)
    assert "全部门已确认生效" in done
    assert "hx-trigger" not in done


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"unit": ""}, "请填写房屋编号"),
        ({"unit": "B001-9999"}, "登记中没有这套房"),
        ({"room": "B001-0302-A"}, "这套房没有这个房间"),
        ({"landlord": "P999"}, "登记中没有这位房东"),
        ({"occupant": " "}, "请填写入住人姓名"),
        ({"occupant": "名" * 51}, "姓名太长"),
        ({"card": "12x"}, "卡号只能是数字"),
        ({"card": str(OLD_CARD)}, "这张卡已在别人名下"),
        ({"start": "tomorrow"}, "开始日期无法识别"),
        ({"start": ""}, "请填写租期开始日期"),
        ({"end": "2026-02-30"}, "结束日期无法识别"),
        ({"end": "2001-01-01"}, "结束日期与租期不符"),
        ({"unit": "B001-0201"}, "这段时间已有租约"),
        ({"confirm": ""}, "请与入住人核对后勾选确认"),
    ],
)
def test_each_fault_is_told_beside_its_field_and_nothing_is_changed(
    steady: Counter, change: dict[str, str], text: str
) -> None:
    before = state(steady)
    answer = steady.send(NEW, **steady.tenancy(**change))
    assert answer.status_code == 422
    (name,) = {"start"} if change == {"unit": "B001-0201"} else change
    beside = answer.text.partition(f'id="{name}-wrong"')[2].partition("</p>")[0]
    assert text in beside
    assert answer.text.count(WRONG) == 1
    assert f'aria-describedby="{name}' in answer.text or "-wrong" in answer.text
    assert state(steady) == before


def test_every_fault_is_told_at_once_and_what_was_typed_is_kept(
    steady: Counter,
) -> None:
    typed = steady.tenancy(card="x", start="", confirm="", occupant="李<b>")
    answer = steady.send(NEW, **typed)
    assert answer.text.count(WRONG) == 3
    assert "有 3 处需要改正" in answer.text
    assert 'value="李&lt;b&gt;"' in answer.text
    assert f'value="{typed["end"]}"' in answer.text


def test_a_form_sent_twice_records_one_tenancy(desk: Counter) -> None:
    hidden = desk.client.get(NEW).text
    key = hidden.partition('name="key" value="')[2].partition('"')[0]
    first = desk.send(NEW, **desk.tenancy(key=key))
    after = state(desk)
    second = desk.send(NEW, **desk.tenancy(key=key))
    assert first.headers["location"] == second.headers["location"]
    assert state(desk) == after


def test_a_form_without_a_key_of_ours_is_refused(steady: Counter) -> None:
    before = state(steady)
    answer = steady.send(NEW, **steady.tenancy(key="../../x"))
    assert answer.status_code == 422
    assert state(steady) == before


def test_a_form_from_elsewhere_is_refused(steady: Counter) -> None:
    before = state(steady)
    for headers in (
        {"Origin": "http://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        steady.client.headers.update(headers)
        assert steady.send(NEW, **steady.tenancy()).status_code == 403
        for name in headers:
            del steady.client.headers[name]
    answer = steady.client.post(NEW, data=steady.tenancy())
    assert answer.status_code == 403
    assert "表单已失效" in answer.text
    assert state(steady) == before


def test_the_form_offers_rooms_and_landlords_of_the_unit(steady: Counter) -> None:
    form = steady.page(f"{NEW}?unit=B001-0302")
    assert f'<option value="{LANDLORD}">东*</option>' in form
    assert '<option value="B001-0302-A">A 间</option>' in form
    assert "东房甲" not in form


def test_a_tenancy_is_ended_from_a_day(desk: Counter) -> None:
    path = "/tenancies/T1/end"
    day = desk.today.isoformat()
    assert desk.send(path, end="someday").status_code == 422
    assert desk.send(path, end="").text.count("请填写租期结束日期") == 2
    assert desk.send(path, end="2001-01-01").status_code == 422
    answer = desk.send(path, end=day)
    assert answer.status_code == 303
    assert "租约已结束" in desk.page(answer.headers["location"])
    with desk.services.store.reading() as uow:
        ended = uow.tenancies.get("T1")
    assert ended is not None
    assert ended.until == desk.today
    assert "现在不能这样做" in desk.page(path, 409)


@pytest.mark.parametrize("wish", ["lost", "cancelled", "returned"])
def test_a_card_is_ended_for_a_reason(desk: Counter, wish: str) -> None:
    with desk.services.store.reading() as uow:
        live = uow.credentials.live(OLD_CARD)
    assert live is not None
    path = f"/units/B001-0201/cards/{live.id}/end"
    for nonsense in ("", "active", "stolen"):
        assert "请选择原因" in desk.send(path, state=nonsense).text
    answer = desk.send(path, state=wish)
    assert answer.status_code == 303
    page = desk.page(answer.headers["location"])
    assert "门禁卡已停用" in page
    assert "没有有效的卡" in page
    with desk.services.store.reading() as uow:
        (ended,) = uow.credentials.of_cards([OLD_CARD])
        assert ended.state is CredentialState(wish)
        assert uow.permits.of_cards([OLD_CARD]) == []
    assert "现在不能这样做" in desk.page(path, 409)


@pytest.mark.parametrize("path", ["/tenancies/T9/end", "/units/B001-0201/cards/99/end"])
def test_what_is_not_on_record_cannot_be_ended(steady: Counter, path: str) -> None:
    answer = steady.send(
        path, "/tenancies/T1/end", end=steady.today.isoformat(), state="lost"
    )
    assert answer.status_code == 404


def test_names_and_codes_are_escaped_wherever_they_are_shown(desk: Counter) -> None:
    evil = '<img src=x onerror="alert(1)">&\''
    end = (desk.today + timedelta(days=9)).isoformat()
    answer = desk.send(NEW, **desk.tenancy(occupant=evil, end=end, card=str(FREE_CARD)))
    shown = desk.page(answer.headers["location"]) + desk.page(
        "/buildings/B001/units/0303"
    )
    assert "<*" not in shown
    assert "&lt;*" in shown
    for path in (f"{NEW}?unit={evil}", f"/doors?size={evil}", "/<script>x</script>"):
        text = desk.client.get(path).text
        assert "<img src=x" not in text
        assert "<script>x" not in text
