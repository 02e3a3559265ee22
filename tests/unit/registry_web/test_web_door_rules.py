"""The rules of a door on its page, and the form that changes them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from controller.uplink.messages import RulesRequest
from controller.vocabulary import GatewayId, Revision
from registry.domain.responsibility import Responsible
from registry.domain.rules_document import written
from registry.services.door_rules import DoorView
from registry.web.rule_words import moment_words
from tests.support.counter import Counter, counter
from tests.support.rule_documents import OFFICE, PLAIN, full
from tests.support.small_street import DUE_CARD, OLD_CARD

PAGE, FORM = "/doors/door-1", "/doors/door-1/rules"
WHO = Responsible("王工", "白天对外办事", "test")
SIGNED = {"operator": "王工", "reason": "换季"}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


def put(desk: Counter, document: dict[str, Any], door: str = "door-1") -> None:
    with desk.services.store.writing() as uow:
        desk.services.door_rules.replace(uow, door, document, WHO)


def view(desk: Counter) -> DoorView:
    with desk.services.store.reading() as uow:
        return desk.services.door_rules.of_door(uow, "door-1")


def filled(page: str) -> dict[str, str | list[str]]:
    """Return what a browser would send of the form as it is shown."""
    fields: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        boxes = attributes.get("type") in {"radio", "checkbox"}
        if not boxes:
            fields[attributes["name"]] = attributes.get("value", "")
        elif " checked" in tag:
            value, name = attributes["value"], attributes["name"]
            several = attributes["type"] == "checkbox"
            fields[name] = [*fields.get(name, []), value] if several else value
    for name, body in re.findall(r'<select[^>]* name="(\w+)".*?>(.*?)</select>', page):
        chosen = re.search(r'value="([^"]*)" selected', body)
        fields[name] = "" if chosen is None else chosen[1]
    return fields


def send(desk: Counter, path: str = FORM, **changes: Any) -> httpx.Response:  # noqa: ANN401 - one value or several
    fields = filled(desk.page(path)) | SIGNED | changes
    return desk.client.post(FORM, data=fields, follow_redirects=False)


def wrong(answer: httpx.Response) -> dict[str, str]:
    """Return the text beside each field of a refused form."""
    assert answer.status_code == 422, answer.text
    found = re.findall(
        r'class="wrong" id="(\w+)-wrong">.*?<span>(.*?)</span>', answer.text
    )
    return dict(found)


def test_a_door_without_rules_says_so(desk: Counter) -> None:
    page = desk.page(PAGE)
    assert "没有另设规则：全天受控" in page
    assert "受控" in page
    assert "还没有修改过" in desk.page(FORM)


def test_every_rule_is_told_in_words(desk: Counter) -> None:
    put(desk, full(OLD_CARD, "door-2"))
    page = desk.page(PAGE)
    for words in (
        "受控：凭授权刷卡开门",
        "周日 全天 常闭",
        "工作日 08:00-18:00 常开",
        "每天 00:00-06:00、22:00-24:00，刷卡后还要输密码",
        "先要刷首卡（…1234），此后常开到时段结束",
        "每次要 2 张不同的卡先后刷",
        "后门 开着时，这扇门不开",
        "区域“库房”进门：同一张卡不能连续两次进门，60 分钟后不再限制；违反时不开门",
        "待下发",
    ):
        assert words in page, words
    assert str(OLD_CARD) not in page + desk.page(FORM)


def test_rules_are_in_force_once_the_gateway_says_so(desk: Counter) -> None:
    put(desk, OFFICE)
    revision = view(desk).revision
    service, gateway = desk.services.door_rules, GatewayId("gateway-1")
    with desk.services.store.writing() as uow:
        told = service.answer(uow, RulesRequest(gateway, Revision(0)))
        service.pushed(uow, told)
    assert "已下发，待网关采用" in desk.page(f"{PAGE}/behaviour")
    with desk.services.store.writing() as uow:
        service.held(uow, RulesRequest(gateway, Revision(revision)))
    assert "网关已采用" in desk.page(f"{PAGE}/behaviour")


def test_a_lock_that_decides_alone_says_what_it_cannot(desk: Counter) -> None:
    page = desk.page("/doors/door-2")
    assert "只认授权和授权时段" in page
    put(desk, OFFICE | {"cards_together": 2}, "door-2")
    page = desk.page("/doors/door-2")
    assert "做不到：时段、多卡" in page
    assert "规则要求，但硬件做不到" in page
    assert "在这扇门上不起作用" in desk.page("/doors/door-2/rules")


def test_the_form_sent_as_shown_changes_nothing(desk: Counter) -> None:
    put(desk, full(OLD_CARD, "door-2"))
    before = view(desk)
    assert send(desk).status_code == 303
    assert view(desk) == before


def test_the_form_changes_every_rule(desk: Counter) -> None:
    answer = send(
        desk,
        mode="controlled",
        mode_0="locked",
        hours_0="周日 全天",
        hours_1="工作日 8:00-18:00",
        pin_hours="每天 22:00-次日06:00",
        first_hours="工作日 08:00-18:00",
        first_cards=f"{OLD_CARD}，{DUE_CARD}",
        first_unlocks="yes",
        cards_together="2",
        interlock=["door-2"],
        area="库房",
        forget_after="60",
    )
    assert answer.headers["location"] == f"{PAGE}?done=rules"
    expected = full(OLD_CARD, "door-2")
    expected["first_card"]["holders"] = sorted([OLD_CARD, DUE_CARD])
    assert written(view(desk).rules) == expected
    assert "规则已保存" in desk.page(f"{PAGE}?done=rules")
    page = desk.page(FORM)
    assert ("卡 …1234" in page, "卡 …5678" in page) == (True, True)
    assert send(desk, holders=[], first_cards=str(DUE_CARD)).status_code == 303
    first = view(desk).rules.first_card
    assert first is not None
    assert {card.value for card in first.holders} == {DUE_CARD}


def test_a_preset_fills_the_form_and_saves_nothing(desk: Counter) -> None:
    put(desk, PLAIN | {"mode": "locked", "cards_together": 2})
    for preset, hours in (
        ("controlled", []),
        ("office", ["工作日 08:00-18:00"]),
        ("night", ["每天 00:00-06:00、23:00-24:00"]),
    ):
        assert view(desk).rules.mode == "locked"
        assert send(desk, f"{FORM}?preset={preset}").status_code == 303
        rules = view(desk).rules
        shown = filled(desk.page(FORM))
        assert (rules.mode, rules.cards_together) == ("controlled", 2)
        lines = [shown[f"hours_{n}"] for n in range(2)]
        assert [line for line in lines if line] == hours
        put(desk, PLAIN | {"mode": "locked", "cards_together": 2})


def test_an_older_version_can_be_taken_up_again(desk: Counter) -> None:
    put(desk, OFFICE)
    put(desk, PLAIN | {"mode": "locked"})
    page = desk.page(FORM)
    (link,) = re.findall(r'href="(\?version=\d+)"', page)
    assert send(desk, FORM + link).status_code == 303
    assert written(view(desk).rules) == OFFICE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"hours_0": "工作日"}, {"hours_0": "时段无法识别"}),
        ({"hours_1": "八点"}, {"hours_1": "时段无法识别"}),
        ({"pin_hours": "随便"}, {"pin_hours": "时段无法识别"}),
        ({"mode": "ajar"}, {"mode": "格式不正确"}),
        ({"cards_together": "12"}, {"cards_together": "1 到 8 张"}),
        ({"first_hours": "每天 全天"}, {"first_cards": "至少填写一张"}),
        ({"first_cards": "12"}, {"first_hours": "请填写首卡时段"}),
        (
            {"first_hours": "每天 全天", "first_cards": "12x"},
            {"first_cards": "卡号只能是数字"},
        ),
        (
            {"first_hours": "每天 全天", "first_cards": "9" * 20},
            {"first_cards": "卡号只能是数字"},
        ),
        (
            {"first_hours": "每天 全天", "first_cards": "12"},
            {"first_cards": "没有人持有这张卡"},
        ),
        ({"interlock": ["door-1"]}, {"interlock": "同一个网关"}),
        ({"interlock": ["door-9"]}, {"interlock": "没有这扇门"}),
        ({"soft": "yes"}, {"area": "请填写区域名称"}),
        ({"area": "库房", "forget_after": "一"}, {"forget_after": "1 到 1440 分钟"}),
        ({"area": "库房", "forget_after": "1441"}, {"forget_after": "1 到 1440 分钟"}),
        ({"operator": ""}, {"operator": "请填写操作人姓名"}),
        ({"reason": ""}, {"reason": "请写明原因"}),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    desk: Counter, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    answer = send(desk, **changes)
    found = wrong(answer)
    assert set(found) == set(expected)
    for field, text in expected.items():
        assert text in found[field]
        assert f'id="{field}"' in answer.text
    assert view(desk).versions == ()


def test_who_was_slower_is_told(desk: Counter) -> None:
    fields = filled(desk.page(FORM)) | SIGNED
    put(desk, OFFICE)
    answer = desk.client.post(FORM, data=fields | {"mode": "locked"})
    assert answer.status_code == 409
    assert "状态已经改变" in answer.text
    assert written(view(desk).rules) == OFFICE


def test_a_form_from_elsewhere_is_refused(desk: Counter) -> None:
    assert desk.client.post(FORM, data={"mode": "locked"}).status_code == 403


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=2), "今天 14:00"),
        (timedelta(hours=20), "明天 08:00"),
        (timedelta(days=4), "11-27 周五 12:00"),
    ],
)
def test_a_time_soon_is_told_as_one_says_it(
    desk: Counter, ahead: timedelta, words: str
) -> None:
    noon = datetime(2026, 11, 23, 4, tzinfo=UTC)
    assert moment_words(noon + ahead, noon, desk.services.policy.zone) == words
