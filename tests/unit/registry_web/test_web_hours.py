"""Hours in the words of the counter: read as people write them, written as one says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.web.hours import Span, UnclearHours, hours_words, read_hours
from tests.support.rule_documents import EVERY_DAY, WEEKDAYS, span

minutes = st.integers(0, 24 * 60 - 1)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    days = draw(st.lists(st.integers(0, 6), min_size=1, unique=True))
    opens = draw(minutes)
    closes = draw(st.integers(opens + 1, 24 * 60))
    times = [f"{m // 60:02d}:{m % 60:02d}" for m in (opens, closes)]
    return span(sorted(days), *times)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("工作日 08:00-18:00", [span(WEEKDAYS, "08:00", "18:00")]),
        ("工作日8:00至18:00", [span(WEEKDAYS, "08:00", "18:00")]),
        ("每天 全天", [span(EVERY_DAY, "00:00", "24:00")]),
        ("周末 09:00\u201312:00", [span([5, 6], "09:00", "12:00")]),
        ("周一、周三 09：00\uff5e12：00", [span([0, 2], "09:00", "12:00")]),
        ("星期天 09:00-24:00", [span([6], "09:00", "24:00")]),
        ("周六至周一 09:00-10:00", [span([0, 5, 6], "09:00", "10:00")]),
        (
            "周六 09:00-12:00、14:00-17:00；周日 10:00-12:00",
            [
                span([5], "09:00", "12:00"),
                span([5], "14:00", "17:00"),
                span([6], "10:00", "12:00"),
            ],
        ),
        (
            "周日 22:00-次日06:00",
            [span([6], "22:00", "24:00"), span([0], "00:00", "06:00")],
        ),
        ("每天 22:00-00:00", [span(EVERY_DAY, "22:00", "24:00")]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, expected: list[Span]) -> None:
    assert read_hours(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "08:00-18:00",
        "工作日",
        "工作日 八点到六点",
        "工作日 08:00",
        "工作日 08:00-25:00",
        "工作日 08:60-18:00",
        "工作日 08:00-08:00",
        "工作日 24:00-06:00",
        "周八 08:00-18:00",
        "周一 08:00-18:00 周二",
        "周一、 08:00-18:00",
    ],
)
def test_what_is_unclear_is_refused(text: str) -> None:
    with pytest.raises(UnclearHours):
        read_hours(text)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ([span(EVERY_DAY, "00:00", "24:00")], "每天 全天"),
        ([span([1, 2, 3], "08:00", "09:00")], "周二至周四 08:00-09:00"),
        ([span([0, 1], "08:00", "09:00")], "周一、周二 08:00-09:00"),
        ([span([0, 2, 6], "08:00", "09:00")], "周一、周三、周日 08:00-09:00"),
        (
            [span([5], "08:00", "09:00"), span([5], "10:00", "11:00")],
            "周六 08:00-09:00、10:00-11:00",
        ),
    ],
)
def test_hours_are_written_as_one_says_them(hours: list[Span], words: str) -> None:
    assert hours_words(hours) == words


@given(st.lists(spans(), max_size=5))
def test_what_is_written_reads_back(hours: list[Span]) -> None:
    def minutes_of(found: list[Span]) -> set[tuple[int, str, str]]:
        return {(d, s["opens"], s["closes"]) for s in found for d in s["days"]}

    assert minutes_of(read_hours(hours_words(hours))) == minutes_of(hours)


@given(st.text("周一二日每天工作至、；:-0123456789 次全末", max_size=30) | st.text())
def test_any_text_is_hours_or_unclear(text: str) -> None:
    try:
        found = read_hours(text)
    except UnclearHours:
        return
    assert all(s["days"] and s["opens"] < s["closes"] for s in found)
