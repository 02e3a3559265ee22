"""A card gets a PIN at the counter; nobody sees it again."""

from collections.abc import Iterator

import httpx
import pytest

from controller.door_rules import CardPin, check_pin
from registry.domain.responsibility import Responsible
from registry.persistence.audit_entries import AuditEntries
from tests.support.counter import Counter, counter
from tests.support.rule_documents import DAYTIME, PLAIN
from tests.support.small_street import OLD_CARD

FORM, UNIT = "/units/B001-0201/cards/1/pin", "/buildings/B001/units/0201"
PIN = "40718293"
WHO = {"operator": "王工", "reason": "住户自选"}
BOTH = {"pin": PIN, "again": PIN} | WHO
ASKING = PLAIN | {"pin": [DAYTIME]}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        with opened.services.store.writing() as uow:
            who = Responsible("王工", "夜间加密码", "test")
            opened.services.door_rules.replace(uow, "door-1", ASKING, who)
        yield opened


def pins(desk: Counter) -> tuple[CardPin, ...]:
    with desk.services.store.reading() as uow:
        return desk.services.door_rules.book(uow, "gateway-1").pins


def refused(answer: httpx.Response, text: str) -> None:
    assert answer.status_code == 422
    assert text in answer.text
    assert PIN not in answer.text


def test_a_pin_is_set_and_told_to_the_gateway(desk: Counter) -> None:
    assert "还没有密码" in desk.page(FORM)
    assert "3 张有授权的卡还没有密码" in desk.page("/doors/door-1")
    done = desk.send(FORM, **BOTH)
    assert done.headers["location"] == f"{UNIT}?done=pin"
    assert "密码已保存" in desk.page(f"{UNIT}?done=pin")
    (pin,) = pins(desk)
    assert (pin.card.value, check_pin(pin, PIN).right) == (OLD_CARD, True)
    assert "已有密码" in desk.page(FORM)
    assert "2 张有授权的卡还没有密码" in desk.page("/doors/door-1")
    with desk.services.store.reading() as uow:
        (entry,) = AuditEntries(uow.session).of_subject("credential:1")
    assert (entry.actor, entry.action) == ("王工 via staff@loopback", "pin_set")


def test_the_unit_leads_to_the_form(desk: Counter) -> None:
    assert f'href="{FORM}"' in desk.page(UNIT)


def test_a_pin_is_given_up(desk: Counter) -> None:
    desk.send(FORM, **BOTH)
    assert desk.send(FORM, remove="yes", **WHO).status_code == 303
    assert pins(desk) == ()
    assert desk.send(FORM, remove="yes", **WHO).status_code == 409


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"pin": "", "again": ""}, "请让持卡人输入密码"),
        ({"pin": "12a4", "again": "12a4"}, "4 到 8 位数字"),
        ({"pin": PIN + "1", "again": PIN + "1"}, "4 到 8 位数字"),
        ({"again": "1234"}, "两次输入不一样"),
        ({"operator": ""}, "请填写操作人姓名"),
        ({"reason": ""}, "请写明原因"),
    ],
)
def test_a_wrong_form_is_told_and_shows_no_pin(
    desk: Counter, changes: dict[str, str], text: str
) -> None:
    refused(desk.send(FORM, **BOTH | changes), text)
    assert pins(desk) == ()


def test_a_card_of_somebody_else_has_no_form_here(desk: Counter) -> None:
    desk.page("/units/B001-0201/cards/2/pin", 404)
