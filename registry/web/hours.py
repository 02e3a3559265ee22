"""Hours of a week in the words of the counter, and back: 工作日 08:00-18:00."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from registry.domain.rules_document import clock, minute_of

WEEK = "一二三四五六日"
DAYS: Mapping[str, tuple[int, ...]] = {
    "每天": tuple(range(7)),
    "工作日": tuple(range(5)),
    "周末": (5, 6),
}
WHOLE_DAY = "全天"
START, END = "00:00", "24:00"
GROUPS, LIST = re.compile(r"[；;\n]"), re.compile(r"[、，,]")
DAY_RUN = re.compile(r"周([一二三四五六日天])(?:[至到~-]周?([一二三四五六日天]))?")
TIMES = re.compile(r"([0-9]{1,2}:[0-9]{2})[-~至到](?:次日)?([0-9]{1,2}:[0-9]{2})")
PLAINER = str.maketrans(
    {"：": ":", "\u2013": "-", "\u2014": "-", "\uff5e": "~", "\u3000": " "}
)
"""Signs that people type for others: wide colons and blanks, long dashes."""
Span = dict[str, Any]


class UnclearHours(ValueError):
    """These words say no hours."""


def read_hours(text: str) -> list[Span]:
    """Read hours, a night's in two parts; raise UnclearHours for anything else."""
    return [
        span
        for group in GROUPS.split(text)
        if group.strip()
        for span in _group(group.strip().translate(PLAINER))
    ]


def hours_words(spans: Iterable[Span]) -> str:
    """Return hours as one would say them; `read_hours` reads them back."""
    times: dict[tuple[int, ...], list[str]] = {}
    for span in spans:
        whole = (span["opens"], span["closes"]) == (START, END)
        words = WHOLE_DAY if whole else f"{span['opens']}-{span['closes']}"
        times.setdefault(tuple(sorted(span["days"])), []).append(words)
    return "；".join(
        f"{_days_words(days)} {'、'.join(words)}" for days, words in times.items()
    )


def _group(group: str) -> Iterator[Span]:
    """Read days and their times: the days end where the first time begins."""
    found = re.search(rf"[0-9]|{WHOLE_DAY}", group)
    if found is None:
        raise UnclearHours(group)
    days = _days(group[: found.start()].strip())
    for part in LIST.split(group[found.start() :]):
        yield from _times(days, part.strip().replace(" ", ""))


def _days(text: str) -> list[int]:
    days: set[int] = set()
    for part in LIST.split(text):
        word = part.strip()
        run = DAY_RUN.fullmatch(word.replace("星期", "周").replace(" ", ""))
        if word in DAYS:
            days.update(DAYS[word])
        elif run is None:
            raise UnclearHours(text)
        else:
            first, last = (_weekday(day) for day in (run[1], run[2] or run[1]))
            days.update((first + n) % 7 for n in range((last - first) % 7 + 1))
    return sorted(days)


def _weekday(character: str) -> int:
    return WEEK.index(character.replace("天", "日"))


def _times(days: list[int], text: str) -> Iterator[Span]:
    if text == WHOLE_DAY:
        yield {"days": days, "opens": START, "closes": END}
        return
    found = TIMES.fullmatch(text)
    opens, closes = (minute_of(t.zfill(5)) for t in found.groups()) if found else (0, 0)
    if opens is None or closes is None or opens == closes or clock(opens) == END:
        raise UnclearHours(text)
    if opens < closes:
        yield {"days": days, "opens": clock(opens), "closes": clock(closes)}
        return
    yield {"days": days, "opens": clock(opens), "closes": END}
    if closes:
        next_days = sorted((day + 1) % 7 for day in days)
        yield {"days": next_days, "opens": START, "closes": clock(closes)}


def _days_words(days: tuple[int, ...]) -> str:
    for word, known in DAYS.items():
        if days == known:
            return word
    first, last = days[0], days[-1]
    if len(days) > 2 and days == tuple(range(first, last + 1)):  # noqa: PLR2004 - two days are named, more are a run
        return f"周{WEEK[first]}至周{WEEK[last]}"
    return "、".join(f"周{WEEK[day]}" for day in days)
