"""Policy values on record: dated, audited, in force in every process at once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from registry.assembly import build_services
from registry.audit.trail import verify
from registry.cli import program
from registry.domain.deadlines.due import DueState, Duty
from registry.domain.errors import Conflict, Invalid
from registry.domain.policy.form import PolicyForm
from registry.domain.policy.keys import Key
from registry.domain.policy.seeded import seeded
from registry.domain.responsibility import Responsible
from registry.domain.special_days import DayKind
from registry.persistence.audit_entries import AuditEntries
from registry.services.registry_services import Services
from tests.support.registry_bench import NOW, ROOM_CARD, TENANT_CARD, Bench, registry

WHO = Responsible("operator", "a holiday of our own", "cli")
GRACE = PolicyForm(
    key="door_grace",
    amount="21",
    valid_from="2026-12-01",
    source="street's own rule: three weeks",
    operator="operator",
    reason="decided by the street",
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


def add(services: Services, form: PolicyForm = GRACE) -> None:
    with services.store.writing() as uow:
        services.policies.add(uow, form, "cli")


def end_of(bench: Bench, card: int) -> datetime:
    with bench.services.store.reading() as uow:
        permits = bench.services.permits.of_cards(uow, [card])
    (end,) = {permit.ends_at for permit in permits}
    return end


def day(year: int, month: int, number: int) -> datetime:
    """Return the midnight of a day in the street."""
    return datetime(year, month, number, tzinfo=UTC) - timedelta(hours=8)


def test_the_grace_at_doors_is_that_of_the_day_a_tenancy_ends(bench: Bench) -> None:
    assert end_of(bench, TENANT_CARD) == day(2027, 1, 15)
    add(bench.services)
    assert end_of(bench, TENANT_CARD) == day(2027, 1, 22)
    assert end_of(bench, ROOM_CARD) == day(2026, 7, 4), "it ends before the change"
    assert bench.services.policy.door_grace.days == 14, "not yet"
    bench.now = day(2026, 12, 1)
    assert bench.services.policy.door_grace.days == 21


def test_what_is_recorded_is_in_the_trail_and_survives(bench: Bench) -> None:
    add(bench.services)
    with bench.services.store.reading() as uow:
        (entry,) = AuditEntries(uow.session).of_subject("policy:door_grace")
        assert verify(uow).broken is None
    assert (entry.action, entry.actor) == ("policy_changed", "operator via cli")
    assert entry.reason == GRACE.reason
    again = build_services(bench.settings, bench.clock)
    with again.store.reading() as uow:
        histories = {each.key: each for each in again.policies.histories(uow)}
    again.store.close()
    start, changed = histories[Key.DOOR_GRACE].values
    assert histories[Key.DOOR_GRACE].in_force == start
    assert (start.at, start.by, start.reason) == (None, None, None)
    assert (changed.at, changed.by, changed.reason) == (NOW, "operator", GRACE.reason)
    assert changed.value == replace(
        start.value,
        amount=21,
        valid_from=date(2026, 12, 1),
        source=GRACE.source,
    )
    assert set(histories) == set(Key)
    assert histories[Key.RESIDENCE_REGISTRATION].in_force is None


def test_another_process_follows_with_its_next_look(bench: Bench) -> None:
    other = build_services(bench.settings, bench.clock)
    assert other.policy.due_window.days == 30
    window = replace(GRACE, key="due_window", amount="45", valid_from="2026-01-01")
    add(bench.services, window)
    with other.store.reading() as uow:
        other.housing.unit(uow, "B1-0201")
    assert other.policy.due_window.days == 45
    other.store.close()


def test_what_is_rolled_back_is_not_in_force(bench: Bench) -> None:
    today = replace(GRACE, valid_from="2026-06-01")

    def fail() -> None:
        with bench.services.store.writing() as uow:
            bench.services.policies.add(uow, today, "cli")
            raise KeyError

    before = end_of(bench, TENANT_CARD)
    with pytest.raises(KeyError):
        fail()
    assert end_of(bench, TENANT_CARD) == before
    with bench.services.store.reading() as uow:
        bench.services.policies.refresh(uow)
    assert bench.services.policy.door_grace.days == 14
    assert bench.services.policy.book.values == seeded().values


def test_a_number_used_again_after_a_rollback_is_read_anew(bench: Bench) -> None:
    other = build_services(bench.settings, bench.clock)

    def fail() -> None:
        with bench.services.store.writing() as uow:
            bench.services.policies.add(uow, GRACE, "cli")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    bench.now += timedelta(seconds=1)
    add(other, replace(GRACE, amount="28"))
    other.store.close()
    bench.register(card="5001")
    assert end_of(bench, 5001) == day(2027, 6, 29)


def test_the_same_value_is_not_recorded_twice(bench: Bench) -> None:
    add(bench.services)
    with pytest.raises(Conflict):
        add(bench.services)
    with pytest.raises(Invalid):
        add(bench.services, replace(GRACE, reason=" "))
    with bench.services.store.reading() as uow:
        assert uow.policy_values.edition() == (1, NOW)


def test_a_correction_counts_from_the_same_day(bench: Bench) -> None:
    add(bench.services)
    add(bench.services, replace(GRACE, amount="7"))
    assert end_of(bench, TENANT_CARD) == day(2027, 1, 8)


def test_what_is_kept_a_shorter_time_goes_sooner(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        bench.services.orders.open_door(uow, "door-001", WHO)
    add(
        bench.services,
        replace(GRACE, key="order_retention", amount="30", valid_from="2026-06-01"),
    )
    for days, left in ((29, 1), (31, 0)):
        bench.now = NOW + timedelta(days=days)
        bench.services.retirement.look()
        with bench.services.store.reading() as uow:
            assert len(bench.services.orders.of_door(uow, "door-001", 10)) == left


def test_a_deadline_reads_the_streets_own_calendar(bench: Bench) -> None:
    duty = Duty(Key.OCCUPANT_REPORT, NOW)
    services = bench.services
    with services.store.reading() as uow:
        due = services.deadlines.assess(uow, duty)
    assert (due.deadline.day, due.state) == (date(2026, 6, 4), DueState.DUE)
    with services.store.writing() as uow:
        own = {date(2026, 6, 3): DayKind.HOLIDAY}
        services.special_days.replace(uow, 2026, own, WHO)
    with services.store.reading() as uow:
        assert services.deadlines.assess(uow, duty).deadline.day == date(2026, 6, 5)
        later = services.deadlines.assess(uow, duty, NOW + timedelta(days=5))
    assert later.state is DueState.OVERDUE


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--data", str(data), "policy", *arguments])


def test_the_command_lists_what_is_in_force(bench: Bench) -> None:
    shown = run(bench.settings.data, "list")
    assert shown.exit_code == 0
    lines = {line.split()[0]: line for line in shown.stdout.splitlines()}
    assert set(lines) == set(Key)
    assert "30 calendar days" in lines["lease_filing"]
    assert "unknown here" in lines["residence_registration"]
    off = {key for key, line in lines.items() if line.endswith("(off)")}
    assert off == {"min_area_per_person", "max_per_room"}


def test_the_command_records_and_tells_the_history(bench: Bench) -> None:
    data = bench.settings.data
    done = run(
        data,
        *("set", "min_area_per_person", "6", "--from", "2027-01-01", "--off"),
        *("--until", "2028-01-01", "--place", "guangzhou"),
        *("--source", "a notice nobody has read yet", "--reason", "heard of it"),
    )
    assert done.exit_code == 0, done.output
    expected = "min_area_per_person is 6 square metres from 2027-01-01 on\n"
    assert done.stdout == expected
    shown = run(data, "list", "min_area_per_person").stdout
    assert "* from 2000-01-01: 5 square metres, off" in shown
    assert "to check: no value for Guangzhou is known" in shown
    assert "  from 2027-01-01 until 2028-01-01: 6 square metres, off" in shown
    assert "guangzhou, unverified: a notice nobody has read yet" in shown
    assert "by operator: heard of it" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["list", "no_such_key"], 1, "no_such_key"),
        (["set", "door_grace", "7"], 2, "--from"),
        (
            ["set", "x", "y", "--from", "z", "--source", "", "--reason", ""],
            2,
            "key: .*\nvalid_from: .*\namount: .*\nsource: .*\nreason: ",
        ),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    bench: Bench, arguments: list[str], code: int, told: str
) -> None:
    done = run(bench.settings.data, *arguments)
    assert done.exit_code == code
    assert isinstance(done.exception, SystemExit)
    assert re.search(told, done.output)


def test_the_api_tells_values_with_their_history(bench: Bench) -> None:
    add(bench.services)
    with bench.client() as client:
        answer = client.get("/api/policy")
    assert answer.status_code == 200
    body = answer.json()
    assert body["day"] == "2026-06-01"
    values = {each["key"]: each for each in body["values"]}
    assert set(values) == set(Key)
    grace = values["door_grace"]
    assert grace["in_force"] == grace["history"][0]
    assert [each["amount"] for each in grace["history"]] == [14, 21]
    assert grace["history"][1]["recorded_at"] == "2026-06-01T04:00:00Z"
    assert grace["history"][1]["reason"] == GRACE.reason
    assert values["residence_registration"]["in_force"] is None
    report = values["occupant_report"]["in_force"]
    assert (report["unit"], report["verification"]) == ("working_days", "partial_text")
    assert values["max_per_room"]["in_force"]["enforced"] is False
