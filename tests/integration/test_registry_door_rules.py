"""Rules, special days and PINs: each change whole, on record, and in the next book."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.door_rules import DoorMode, DoorRules, RuleBook, check_pin
from controller.uplink.messages import RulesRequest
from controller.vocabulary import CardNumber, GatewayId, Revision
from registry.audit.trail import verify
from registry.domain.credential import CredentialState
from registry.domain.errors import Conflict, Fault, Invalid, NotFound
from registry.domain.hardware import Delivery
from registry.domain.responsibility import Responsible
from registry.domain.special_days import DayKind
from registry.persistence.audit_entries import AuditEntries, AuditEntry
from registry.services.door_rules import DoorView
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    NOW,
    OTHER_GATEWAY,
    TENANT_CARD,
    UNKNOWN_CARD,
    Bench,
    registry,
)
from tests.support.rule_documents import DAYTIME, OFFICE, PLAIN, full

WHO = Responsible("王工", "白天对外办事", "test")
PIN, OTHER_PIN = "4071", "5082"
LOCKED = PLAIN | {"mode": "locked"}
ASKING: dict[str, Any] = PLAIN | {"pin": [DAYTIME]}


@pytest.fixture
def bench(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def put(bench: Bench, document: dict[str, Any], door: str = FRONT) -> DoorView:
    with bench.services.store.writing() as uow:
        return bench.services.door_rules.replace(uow, door, document, WHO)


def view(bench: Bench, door: str = FRONT) -> DoorView:
    with bench.services.store.reading() as uow:
        return bench.services.door_rules.of_door(uow, door)


def book(bench: Bench, gateway: str = GATEWAY) -> RuleBook:
    with bench.services.store.reading() as uow:
        return bench.services.door_rules.book(uow, gateway)


def give_pin(bench: Bench, card: int = TENANT_CARD, pin: str = PIN) -> None:
    with bench.services.store.writing() as uow:
        bench.services.card_pins.set_pin(uow, card, pin, WHO)


def entries(bench: Bench, subject: str) -> list[AuditEntry]:
    with bench.services.store.reading() as uow:
        assert verify(uow).broken is None
        return AuditEntries(uow.session).of_subject(subject)


def test_a_door_without_rules_is_opened_by_permits_alone(bench: Bench) -> None:
    found = view(bench)
    assert found.rules == DoorRules(FRONT)
    assert (found.revision, found.versions, found.unkept) == (0, (), ())
    assert found.delivery is Delivery.ACKNOWLEDGED
    assert book(bench).doors == ()
    with pytest.raises(NotFound):
        view(bench, "door-9")


def test_a_change_raises_the_book_of_its_gateway_alone(bench: Bench) -> None:
    before, other = book(bench), book(bench, OTHER_GATEWAY)
    changed = put(bench, OFFICE)
    after = book(bench)
    assert after.revision == changed.revision == before.revision + 1
    assert after.doors == (changed.rules,)
    assert changed.delivery is Delivery.WANTED
    assert book(bench, OTHER_GATEWAY) == other


def test_a_change_is_in_the_trail_with_who_and_why(bench: Bench) -> None:
    put(bench, LOCKED)
    (entry,) = entries(bench, f"door:{FRONT}")
    assert (entry.actor, entry.action, entry.reason) == (
        "王工 via test",
        "door_rules_changed",
        "白天对外办事",
    )


def test_the_same_rules_again_change_nothing(bench: Bench) -> None:
    put(bench, PLAIN)
    assert view(bench).versions == ()
    first = put(bench, OFFICE)
    assert put(bench, OFFICE).versions == first.versions
    assert len(entries(bench, f"door:{FRONT}")) == 1


def test_the_version_before_undoes_a_change(bench: Bench) -> None:
    put(bench, full(TENANT_CARD, BACK))
    put(bench, LOCKED)
    found = view(bench)
    assert found.behaviour.mode is DoorMode.LOCKED
    undone = put(bench, dict(found.versions[1].document))
    assert undone.rules == bench.services.door_rules.read(found.versions[1])
    assert [stored.revision for stored in undone.versions] == sorted(
        (stored.revision for stored in undone.versions), reverse=True
    )


def test_who_was_slower_is_told(bench: Bench) -> None:
    replace = bench.services.door_rules.replace
    with bench.services.store.writing() as uow:
        seen = replace(uow, FRONT, OFFICE, WHO, 0).revision
    with pytest.raises(Conflict), bench.services.store.writing() as uow:
        replace(uow, FRONT, LOCKED, WHO, 0)
    with bench.services.store.writing() as uow:
        replace(uow, FRONT, LOCKED, WHO, seen)


@pytest.mark.parametrize(
    ("change", "field", "fault"),
    [
        ({"interlock": ["door-9"]}, "interlock", Fault.UNKNOWN),
        ({"interlock": [FAR]}, "interlock", Fault.CONTRADICTION),
        (
            {"first_card": full(UNKNOWN_CARD, BACK)["first_card"]},
            "first_card.holders",
            Fault.UNKNOWN,
        ),
    ],
)
def test_what_contradicts_the_register_is_refused(
    bench: Bench, change: dict[str, Any], field: str, fault: Fault
) -> None:
    before = book(bench)
    with pytest.raises(Invalid) as caught:
        put(bench, PLAIN | change)
    assert [(e.field, e.fault) for e in caught.value.fields] == [(field, fault)]
    assert book(bench) == before


def test_a_change_that_fails_leaves_the_revision(bench: Bench) -> None:
    before = book(bench)

    def fail() -> None:
        with bench.services.store.writing() as uow:
            bench.services.door_rules.replace(uow, FRONT, OFFICE, WHO)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert book(bench) == before
    assert entries(bench, f"door:{FRONT}") == []


def test_how_far_rules_have_come_is_what_the_gateway_says(bench: Bench) -> None:
    service, store = bench.services.door_rules, bench.services.store
    changed = put(bench, OFFICE)
    asked = RulesRequest(GatewayId(GATEWAY), Revision(0))
    with store.writing() as uow:
        service.pushed(uow, service.answer(uow, asked))
    assert view(bench).delivery is Delivery.PUSHED
    later = RulesRequest(GatewayId(GATEWAY), Revision(changed.revision))
    with store.writing() as uow:
        assert service.is_news(uow, later)
        service.held(uow, later)
        assert not service.is_news(uow, later)
        assert service.answer(uow, later).book == RuleBook(later.after)
    assert view(bench).delivery is Delivery.ACKNOWLEDGED
    stranger = RulesRequest(GatewayId(GATEWAY), Revision(10**9))
    with store.reading() as uow:
        assert not service.is_news(uow, stranger)
        assert service.answer(uow, stranger).book.doors


def test_special_days_of_this_year_and_the_next_are_in_every_book(
    bench: Bench,
) -> None:
    days = book(bench).special_days
    assert days[date(2026, 10, 1)] == 6
    assert {day.year for day in days} == {2026}
    before = {g: book(bench, g).revision for g in (GATEWAY, OTHER_GATEWAY)}
    overrides = {date(2027, 1, 1): DayKind.HOLIDAY}
    with bench.services.store.writing() as uow:
        table = bench.services.special_days.replace(uow, 2027, overrides, WHO)
    assert (table.published, table.days[0].own) == (False, True)
    for gateway, revision in before.items():
        assert book(bench, gateway).special_days[date(2027, 1, 1)] == 6
        assert book(bench, gateway).revision == revision + 1
    (entry,) = entries(bench, "calendar:2027")
    assert entry.action == "calendar_changed"


def test_a_far_year_is_kept_and_raises_no_book_until_it_is_near(bench: Bench) -> None:
    before = book(bench)
    with bench.services.store.writing() as uow:
        days = {date(2028, 5, 1): DayKind.HOLIDAY}
        bench.services.special_days.replace(uow, 2028, days, WHO)
    assert book(bench) == before
    bench.now = NOW + timedelta(days=230)
    bench.services.retirement.look()
    assert book(bench).revision == before.revision + 1
    assert set(book(bench).special_days) == {date(2028, 5, 1)}
    bench.services.retirement.look()
    assert book(bench).revision == before.revision + 1


def test_days_of_another_year_are_refused(bench: Bench) -> None:
    service = bench.services.special_days
    with pytest.raises(Invalid), bench.services.store.writing() as uow:
        service.replace(uow, 2026, {date(2027, 1, 1): DayKind.HOLIDAY}, WHO)
    with pytest.raises(NotFound), bench.services.store.reading() as uow:
        service.year(uow, 1999)


def test_a_pin_is_told_only_where_a_door_asks_for_it(bench: Bench) -> None:
    give_pin(bench)
    assert book(bench).pins == ()
    put(bench, ASKING)
    (pin,) = book(bench).pins
    assert pin.card == CardNumber(TENANT_CARD)
    assert check_pin(pin, PIN).right
    assert not check_pin(pin, OTHER_PIN).right
    put(bench, ASKING, FAR)
    assert book(bench, OTHER_GATEWAY).pins == (), "the card opens no door there"


def test_a_pin_is_nowhere_in_the_database(bench: Bench) -> None:
    pin = "40718293"
    give_pin(bench, pin=pin)
    put(bench, ASKING)
    assert pin.encode() not in bench.database_bytes()
    (entry,) = entries(bench, "credential:1")
    assert (entry.action, entry.reason) == ("pin_set", WHO.reason)


def test_another_pin_another_salt(bench: Bench) -> None:
    put(bench, ASKING)
    give_pin(bench)
    before = book(bench)
    give_pin(bench)
    after = book(bench)
    assert after.revision == before.revision + 1
    assert after.pins[0].salt != before.pins[0].salt


def test_a_pin_goes_when_it_is_taken_away(bench: Bench) -> None:
    put(bench, ASKING)
    give_pin(bench)
    before = book(bench)
    with bench.services.store.writing() as uow:
        bench.services.card_pins.remove(uow, TENANT_CARD, WHO)
    assert book(bench).pins == ()
    assert book(bench).revision == before.revision + 1
    with pytest.raises(Conflict), bench.services.store.writing() as uow:
        bench.services.card_pins.remove(uow, TENANT_CARD, WHO)


def test_a_pin_ends_with_its_card_and_is_not_the_next_holders(bench: Bench) -> None:
    put(bench, ASKING)
    give_pin(bench)
    before = book(bench)
    with bench.services.store.writing() as uow:
        end_card = bench.services.registration.end_card
        end_card(uow, TENANT_CARD, CredentialState.RETURNED, "交回", "test")
    assert book(bench).pins == ()
    assert book(bench).revision > before.revision
    bench.issue(TENANT_CARD, "P2")
    assert book(bench).pins == ()
    with pytest.raises(NotFound):
        give_pin(bench, UNKNOWN_CARD)


def test_a_permit_that_comes_or_goes_moves_the_pin_with_it(bench: Bench) -> None:
    put(bench, ASKING, FAR)
    bench.register(unit="B2-0101", card="5001")
    give_pin(bench, 5001)
    (pin,) = book(bench, OTHER_GATEWAY).pins
    assert pin.card == CardNumber(5001)
    revision = book(bench, OTHER_GATEWAY).revision
    bench.now += timedelta(days=400)
    bench.services.retirement.look()
    assert book(bench, OTHER_GATEWAY).pins == ()
    assert book(bench, OTHER_GATEWAY).revision > revision


@pytest.mark.parametrize(
    "pin", ["", "123", "123456789", "12a4", "\uff11\uff12\uff13\uff14", "12 34"]
)
def test_what_is_no_pin_is_refused_without_repeating_it(bench: Bench, pin: str) -> None:
    with pytest.raises(Invalid) as caught:
        give_pin(bench, pin=pin)
    assert [error.field for error in caught.value.fields] == ["pin"]
    assert not pin or pin not in str(caught.value)
    assert caught.value.__cause__ is None
