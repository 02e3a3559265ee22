"""Cases and rules as pages: why, by which numbers, and forms that ask for a reason."""

import re
from collections.abc import Iterator

import pytest

from registry.audit.trail import Action
from registry.domain.cases import CaseEvent, CaseState, CloseReason
from registry.domain.hazards import HazardKind
from registry.domain.house_rules import RULES
from registry.domain.house_rules.rule import GuardName, RuleId
from registry.domain.places import RoomKind
from registry.domain.policy.value import Unit, Verification
from registry.persistence.audit_entries import AuditEntries
from registry.web import case_words as words
from tests.support.counter import Counter, counter
from tests.support.house_rules import signal
from tests.unit.registry.test_house_rules import CASES


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("cases")) as opened:
        opened.services.house_cases._swept = None
        opened.services.house_cases.sweep(opened.services.store)
        yield opened


def of(desk: Counter, rule: str) -> list[str]:
    """Return where the cases of a rule are."""
    return re.findall(r'href="(/cases/H-\w+)"', desk.page(f"/cases?rule={rule}"))


def test_every_code_has_its_words() -> None:
    assert set(words.STATES) == set(CaseState)
    assert set(words.REASONS) == set(CloseReason)
    assert set(words.GUARDS) == set(GuardName)
    assert set(words.UNITS) == set(Unit)
    assert set(words.TAGS) == set(Verification)
    assert set(words.KINDS) == {*HazardKind, *RoomKind} - {RoomKind.LIVING}
    by_clock = {CaseEvent.GUARDED, CaseEvent.NOTICED, CaseEvent.OBJECTED}
    assert set(words.EVENTS) == set(CaseEvent) - by_clock
    assert set(words.KEYS) == {key for rule in RULES.values() for key in rule.keys}


@pytest.mark.parametrize("rule", RuleId)
def test_every_number_of_a_signal_has_its_words(rule: RuleId) -> None:
    told = signal(rule, **CASES[rule].true)
    assert told is not None
    assert set(told.numbers) <= set(words.NUMBERS)


def test_cases_are_listed_and_chosen(desk: Counter) -> None:
    page = desk.page("/cases")
    assert 'aria-current="page"' in page
    assert "待核实" in page
    assert len(of(desk, "H1")) < len(re.findall(r'href="(/cases/H-\w+)"', page))
    assert "没有符合条件的事项" in desk.page("/cases?rule=H14&state=handed_over")
    assert desk.page("/cases?rule=nonsense&state=nonsense").count("/cases/H-") > 0


def test_a_case_tells_why_and_what_does_not_follow(desk: Counter) -> None:
    page = desk.page(of(desk, "H1")[0])
    assert "为什么收到这条" in page
    assert "没有有效的出租屋备案" in page
    assert "不是对任何人的结论" in page
    assert "多久没有备案才提示" in page
    assert "街道自定" in page
    assert "家庭成员" in page
    assert desk.page("/cases/H-nobody", 404)


def test_an_objection_says_why_and_stops_the_case(desk: Counter) -> None:
    path = of(desk, "H1")[0]
    empty = desk.send(f"{path}/objection", form=path, text=" ")
    assert (empty.status_code, "请写明为什么不对" in empty.text) == (422, True)
    assert desk.send(f"{path}/objection", form=path, text="已经备案").status_code == 303
    page = desk.page(f"{path}?done=1")
    assert "有异议，暂停" in page
    assert "已经备案" in page
    assert "提出异议" not in page
    refused = desk.send(f"{path}/step", form=path, choice="visit_sent:")
    assert refused.status_code == 409
    upheld = {"choice": "objection_upheld:objection_upheld", "note": "材料齐全"}
    assert desk.send(f"{path}/step", form=path, **upheld).status_code == 303
    page = desk.page(path)
    assert "异议成立" in page
    assert "材料齐全" in page
    assert "下一步" not in page


def test_a_case_ends_with_a_reason_and_a_handover_with_a_number(desk: Counter) -> None:
    path = of(desk, "H2")[0]
    for choice in ("", "nonsense", "reviewed:nonsense"):
        answer = desk.send(f"{path}/step", form=path, choice=choice)
        assert answer.status_code == 422
        assert "请选择下一步" in answer.text
    assert "no_longer_so" not in desk.page(path)
    for choice in ("reviewed:", "visit_sent:", "gap_confirmed:"):
        assert desk.send(f"{path}/step", form=path, choice=choice).status_code == 303
    handed = {"choice": "handed_over:handed_over"}
    answer = desk.send(f"{path}/step", form=path, **handed)
    assert "移交要填写文书编号" in answer.text
    handed["paper"] = "第 2026-17 号"
    assert desk.send(f"{path}/step", form=path, **handed).status_code == 303
    assert "第 2026-17 号" in desk.page(path)


def test_who_lives_there_is_shown_for_a_reason_and_written_down(desk: Counter) -> None:
    with desk.services.store.reading() as uow:
        stays = {stay.unit for stay in uow.occupancies.find() if stay.end is None}
        lived_in = [c.id for c in uow.cases.find() if c.unit in stays]
    path = f"/cases/{lived_in[0]}"
    assert "在册居住" not in desk.page(path)
    answer = desk.send(f"{path}/people", form=path, reason="")
    assert (answer.status_code, "请写明为什么要看" in answer.text) == (422, True)
    shown = desk.send(f"{path}/people", form=path, reason="核对租约")
    assert "在册居住" in shown.text
    with desk.services.store.reading() as uow:
        entries = list(AuditEntries(uow.session).every())
    reasons = {e.reason for e in entries if e.action == Action.IDENTITY_REVEALED}
    assert reasons == {"核对租约"}


def test_a_unit_shows_its_open_cases(desk: Counter) -> None:
    path = of(desk, "H2")[-1]
    (unit,) = set(
        re.findall(r'href="(/buildings/\w+/units/\w+/truth)"', desk.page(path))
    )
    assert f'href="{path}"' in desk.page(unit)


def test_a_rule_is_switched_off_in_a_name_for_a_reason(desk: Counter) -> None:
    assert "结案太少" in desk.page("/house-rules")
    path = "/house-rules/H7"
    bare = desk.send(f"{path}/switch", form=path)
    for text in ("请填写操作人姓名", "请写明原因", "请勾选确认"):
        assert text in bare.text
    said = {"operator": "王工", "reason": "误报太多", "confirm": "yes"}
    assert desk.send(f"{path}/switch", form=path, **said).status_code == 303
    assert "误报太多" in desk.page(path)
    assert "已停用的规则不再提示" in desk.page("/cases")
    assert desk.send(f"{path}/switch", form=path, **said).status_code == 303
    assert "已停用的规则不再提示" not in desk.page("/cases")
    with desk.services.store.reading() as uow:
        trail = AuditEntries(uow.session).of_subject("rule:H7")
    assert [e.actor for e in trail] == ["王工 via staff@loopback"] * 2
    assert desk.page("/house-rules/H99", 422)
