from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from controller.vocabulary import Direction, Reason
from registry.domain.credential import CardState, Credential, CredentialState
from registry.domain.policy import Policy
from registry.domain.tenancy import Tenancy
from registry.domain.timeline import (
    RecordedGap,
    RecordedPassage,
    RecordedUnwatched,
    of_credential,
    of_gap,
    of_passage,
    of_tenancy,
    of_unwatched,
)
from registry.web.timeline import (
    LOST_EVENTS,
    OPENED,
    REGISTERED,
    SHUT,
    UNHEARD,
    Names,
    line,
)

AT = datetime(2026, 11, 23, 6, 0, 1, tzinfo=UTC)
NAMES = Names({"door-1": "正门"}, {"P1": "示*"})
PASSAGE = RecordedPassage(
    number=1,
    gateway="gateway-1",
    epoch=1,
    seq=1,
    door="door-1",
    at=AT,
    recorded_at=AT + timedelta(seconds=1),
    granted=True,
    reason=Reason.PERMIT,
    direction=Direction.ENTRY,
    card=4_400_001_234,
    card_state=CardState.ACTIVE,
    credential=1,
    party="P1",
    unit="B001-0201",
    permit=1,
    controller=None,
    controller_epoch=None,
    controller_index=None,
)


def test_a_holder_is_masked_and_a_card_shows_its_last_digits() -> None:
    shown = line(of_passage(PASSAGE), NAMES)
    assert (shown.badge, shown.text) == (OPENED, "刷卡开门")
    assert shown.facts == ["正门", "示*", "卡 …1234"]


@pytest.mark.parametrize(
    ("state", "reason", "text", "note"),
    [
        (CardState.UNKNOWN, Reason.UNKNOWN_CARD, "登记中没有这张卡", "未知卡"),
        (CardState.CANCELLED, Reason.UNKNOWN_CARD, "登记中没有这张卡", "已注销卡"),
        (CardState.LOST, Reason.ENDED, "授权已经结束", "已挂失卡"),
        (CardState.RETURNED, Reason.OTHER_DOOR, "这张卡没有此门的授权", "已退还卡"),
    ],
)
def test_a_refusal_says_why_and_what_the_card_was(
    state: CardState, reason: Reason, text: str, note: str
) -> None:
    refused = replace(
        PASSAGE, granted=False, reason=reason, card_state=state, party=None
    )
    shown = line(of_passage(refused), NAMES)
    assert (shown.badge, shown.text) == (SHUT, text)
    assert shown.facts == ["正门", "卡 …1234", note]


def test_a_cancelled_card_that_still_opened_is_kept_as_such() -> None:
    shown = line(of_passage(replace(PASSAGE, card_state=CardState.CANCELLED)), NAMES)
    assert shown.badge is OPENED
    assert "已注销卡" in shown.facts


def test_a_button_has_no_card_and_no_holder() -> None:
    pressed = replace(
        PASSAGE, reason=Reason.EXIT_REQUEST, card=None, card_state=None, party=None
    )
    shown = line(of_passage(pressed), NAMES)
    assert (shown.text, shown.facts) == ("出门按钮开门", ["正门"])


def test_doubts_are_told() -> None:
    late = replace(PASSAGE, recorded_at=AT + timedelta(hours=1), uncertainty=30.0)
    assert line(of_passage(late), NAMES).notes == ("补传", "时间误差约 30 秒")


def test_an_unknown_door_is_called_by_its_id() -> None:
    elsewhere = of_passage(replace(PASSAGE, door="door-9"))
    assert line(elsewhere, NAMES).door == "door-9"


def test_a_reason_that_does_not_fit_the_outcome_is_not_guessed() -> None:
    odd = of_passage(replace(PASSAGE, granted=False))
    assert line(odd, NAMES).text == "原因未说明"


def test_a_gap_says_how_many_are_lost() -> None:
    gap = RecordedGap(1, "door-1", "reader-1", 5, 14, AT)
    shown = line(of_gap(gap), NAMES)
    assert shown.badge is LOST_EVENTS
    assert "10 条" in shown.text
    assert shown.facts == ["正门"]


def test_an_unwatched_span_says_how_long_and_stands_where_it_ended() -> None:
    since = AT - timedelta(minutes=34, seconds=5)
    span = RecordedUnwatched(1, "door-1", "esp-1", since, AT, AT + timedelta(hours=1))
    shown = line(of_unwatched(span), NAMES)
    assert shown.badge is UNHEARD
    assert shown.at == AT
    assert "35 分钟" in shown.text
    assert shown.facts == ["正门"]


def test_a_span_from_a_clock_ahead_stands_where_it_was_received() -> None:
    span = RecordedUnwatched(1, None, "esp-1", AT, AT + timedelta(hours=1), AT)
    assert of_unwatched(span).at == AT


def test_days_have_no_time_of_day_and_cards_do() -> None:
    tenancy = Tenancy("T1", "U", None, None, date(2026, 1, 1), date(2027, 1, 1))
    started, ended = (line(e, NAMES) for e in of_tenancy(tenancy, Policy()))
    assert (started.text, started.whole_day, ended.text) == (
        "租约开始",
        True,
        "租约结束",
    )
    credential = Credential(1, 4_400_001_234, "P1", CredentialState.LOST, AT, AT)
    issued, gone = (line(e, NAMES) for e in of_credential(credential))
    assert (issued.badge, issued.text, issued.whole_day) == (
        REGISTERED,
        "发放门禁卡",
        False,
    )
    assert (gone.text, gone.facts) == ("门禁卡失效", ["示*", "卡 …1234"])
