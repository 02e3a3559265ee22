from collections.abc import Mapping
from enum import Enum
from xml.etree import ElementTree as ET

import pytest

from controller.door_rules import DoorMode
from controller.uplink.commissioning import Check
from controller.vocabulary import AlarmKind, Reason
from registry.domain.alarms import AlarmState
from registry.domain.commissioning import ServiceState
from registry.domain.credential import ENDED, CardState, CredentialState
from registry.domain.door_behaviour import Rule
from registry.domain.hardware import Delivery
from registry.domain.house import UnitState
from registry.domain.occupancy import Basis
from registry.domain.orders import OrderState
from registry.domain.places import UnitUse
from registry.domain.special_days import DayKind
from registry.domain.tenancy import TenancyState
from registry.domain.timeline import EntryKind
from registry.web import words
from registry.web.assets import HERE
from registry.web.commissioning import FAILED, PASSED
from registry.web.doors import FILTERS, OFFLINE, ONLINE, SILENT, DoorFilter
from registry.web.timeline import LOST_EVENTS, OPENED, REGISTERED, SHUT, UNHEARD
from registry.web.words import Badge

PASSING = {EntryKind.GRANTED, EntryKind.REFUSED, EntryKind.GAP, EntryKind.UNWATCHED}


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.UNIT_STATES, set(UnitState)),
        (words.UNIT_USES, set(UnitUse)),
        (words.BASES, set(Basis)),
        (words.TENANCY_STATES, set(TenancyState)),
        (words.DELIVERIES, set(Delivery)),
        (words.CARD_STATES, set(CardState)),
        (words.CREDENTIAL_ENDINGS, ENDED - {CredentialState.BLANK}),
        (words.GRANTED | words.REFUSED, set(Reason)),
        (words.HAPPENINGS, set(EntryKind) - PASSING),
        (words.ALARM_KINDS, set(AlarmKind)),
        (words.ALARM_STATES, set(AlarmState)),
        (words.SERVICE_STATES, set(ServiceState)),
        (words.CHECKS, set(Check)),
        (words.DOOR_MODES, set(DoorMode)),
        (words.RULES, set(Rule)),
        (words.RULE_DELIVERIES, set(Delivery)),
        (words.ORDER_STATES, set(OrderState)),
        (words.DAY_KINDS, set(DayKind)),
        (FILTERS, set(DoorFilter)),
    ],
)
def test_every_code_has_its_words(
    table: Mapping[Enum, object], codes: set[Enum]
) -> None:
    assert set(table) == codes


def test_no_reason_both_opens_and_refuses() -> None:
    assert not words.GRANTED.keys() & words.REFUSED.keys()


def badges() -> list[Badge]:
    tables = (
        words.UNIT_STATES,
        words.TENANCY_STATES,
        words.DELIVERIES,
        words.CARD_STATES,
        words.ALARM_STATES,
        words.SERVICE_STATES,
        words.DOOR_MODES,
        words.RULE_DELIVERIES,
        words.ORDER_STATES,
        words.DAY_KINDS,
    )
    found = [badge for table in tables for badge in table.values()]
    shown = [OPENED, SHUT, LOST_EVENTS, UNHEARD, REGISTERED]
    return [*found, ONLINE, OFFLINE, SILENT, PASSED, FAILED, *shown]


def test_every_glyph_is_drawn_and_every_tone_coloured() -> None:
    icons = ET.parse(HERE / "static" / "icons.svg")  # noqa: S314 - our own file
    drawn = {
        symbol.get("id") for symbol in icons.iter("{http://www.w3.org/2000/svg}symbol")
    }
    style = (HERE / "static" / "app.css").read_text()
    assert {badge.glyph for badge in badges()} <= drawn
    signs = [*words.ALARM_KINDS.values(), *words.RULES.values()]
    assert {sign.glyph for sign in signs} <= drawn
    assert [b.tone for b in badges() if f"  .{b.tone} {{" not in style] == []


@pytest.mark.parametrize(
    "states",
    [
        words.UNIT_STATES,
        words.ALARM_STATES,
        words.SERVICE_STATES,
        words.DOOR_MODES,
        words.DAY_KINDS,
    ],
)
def test_states_differ_in_glyph_and_word_not_in_colour_alone(
    states: Mapping[Enum, Badge],
) -> None:
    assert len({badge.glyph for badge in states.values()}) == len(states)
    assert len({badge.word for badge in states.values()}) == len(states)
