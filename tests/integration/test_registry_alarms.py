"""Alarms from a gateway's record to the board and the audit trail, each once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import httpx
import pytest

from controller.encoding import encode_entry
from controller.uplink.messages import PassageBatch, Receipt
from controller.vocabulary import AlarmChange, AlarmKind, DoorId
from registry.audit.trail import verify
from registry.domain.alarms import Acknowledgement, Alarm, AlarmState
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.persistence.audit_entries import AuditEntries
from registry.services.alarms import MOST_CLOSED, MOST_OPEN, Board
from registry.services.ingest import FOREIGN
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    NOW,
    Bench,
    batch,
    passage,
    registry,
)

MINUTE = timedelta(minutes=1)
FORCED = AlarmChange(FRONT, AlarmKind.FORCED_OPEN, NOW)
OVER = replace(FORCED, cleared_at=NOW + 3 * MINUTE)
LATER = replace(FORCED, raised_at=NOW + 9 * MINUTE)
TAMPER = replace(FORCED, kind=AlarmKind.TAMPER)


@pytest.fixture
def bench(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def accept(bench: Bench, sent: PassageBatch) -> None:
    with bench.services.store.writing() as uow:
        receipt = bench.services.ingest.accept(uow, sent)
    assert isinstance(receipt, Receipt)
    assert receipt.upto == sent.last


def stored(bench: Bench) -> list[Alarm]:
    with bench.services.store.reading() as uow:
        return uow.alarms.after(0, 1000, None, None)


def board(bench: Bench) -> Board:
    with bench.services.store.reading() as uow:
        return bench.services.alarms.board(uow)


def acknowledge(bench: Bench, number: int = 1, operator: str = "王工") -> Alarm:
    with bench.services.store.writing() as uow:
        return bench.services.alarms.acknowledge(
            uow, number, operator, "已到场", "test"
        )


def test_an_alarm_stands_beside_the_passages_of_its_batch(bench: Bench) -> None:
    accept(bench, batch([passage(1), FORCED, passage(2)]))
    assert stored(bench) == [
        Alarm(1, FRONT, FORCED.kind, NOW, None, NOW, "gateway-1", 1, 2)
    ]
    with bench.services.store.reading() as uow:
        assert [p.seq for p in uow.passages.after(0, 10)] == [1, 3]


def test_a_batch_repeated_tells_nothing_twice(bench: Bench) -> None:
    sent = batch([FORCED, TAMPER, OVER, LATER])
    for _ in range(3):
        accept(bench, sent)
    assert [(a.kind, a.state) for a in stored(bench)] == [
        (AlarmKind.FORCED_OPEN, AlarmState.CLEARED),
        (AlarmKind.TAMPER, AlarmState.RAISED),
        (AlarmKind.FORCED_OPEN, AlarmState.RAISED),
    ]


def test_an_alarm_told_again_in_another_epoch_is_the_same(bench: Bench) -> None:
    """A gateway that was restarted names what is still raised once more."""
    accept(bench, batch([FORCED]))
    acknowledge(bench)
    before = stored(bench)
    accept(bench, batch([FORCED], epoch=2))
    assert stored(bench) == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_epochs_may_arrive_in_any_order(bench: Bench, order: tuple[int, ...]) -> None:
    sent = [
        batch([encode_entry(change)], epoch=epoch)
        for epoch, change in enumerate((FORCED, OVER, LATER), 1)
    ]
    for place in order:
        accept(bench, sent[place])
    spans = sorted((a.raised_at, a.cleared_at) for a in stored(bench))
    assert spans == [(NOW, NOW + 3 * MINUTE), (LATER.raised_at, None)]


def test_an_alarm_at_a_door_of_another_gateway_is_kept_as_a_hole(bench: Bench) -> None:
    lie = replace(FORCED, door=FAR)
    accept(bench, batch([lie, FORCED, replace(lie, door=DoorId("nowhere"))]))
    assert [alarm.door for alarm in stored(bench)] == [FRONT]
    with bench.services.store.reading() as uow:
        holes = [hole for _, hole in uow.records.holes(0, 10)]
    assert [(h.first, h.reason) for h in holes] == [(1, FOREIGN), (3, FOREIGN)]
    assert holes[0].line == encode_entry(lie)


def test_every_change_moves_the_mark_and_nothing_else_does(bench: Bench) -> None:
    def mark() -> int:
        with bench.services.store.reading() as uow:
            return uow.alarms.last_change()

    marks = [mark()]
    for epoch, change in enumerate((FORCED, TAMPER, OVER), 1):
        accept(bench, batch([change], epoch=epoch))
        marks.append(mark())
    acknowledge(bench)
    marks.append(mark())
    assert marks == [0, 1, 2, 3, 4]
    accept(bench, batch([FORCED, OVER, passage(1)], epoch=9))
    assert mark() == 4


def test_an_acknowledgement_is_named_and_audited_once(bench: Bench) -> None:
    accept(bench, batch([FORCED]))
    bench.now = NOW + MINUTE
    taken_on = acknowledge(bench)
    assert taken_on.state is AlarmState.ACKNOWLEDGED
    assert taken_on.acknowledgement == Acknowledgement("王工", bench.now, "已到场")
    assert stored(bench) == [taken_on]
    with pytest.raises(Conflict):
        acknowledge(bench, operator="李工")
    with pytest.raises(NotFound):
        acknowledge(bench, 99)
    with pytest.raises(Invalid):
        acknowledge(bench, operator=" ")
    with bench.services.store.reading() as uow:
        (entry,) = AuditEntries(uow.session).of_subject("alarm:1")
        assert verify(uow).broken is None
    assert (entry.actor, entry.action, entry.reason) == (
        "王工 via test",
        "alarm_acknowledged",
        "已到场",
    )
    accept(bench, batch([OVER], epoch=2))
    assert [alarm.state for alarm in board(bench).closed] == [AlarmState.CLOSED]


def test_the_board_is_bounded_and_counts_everything(bench: Bench) -> None:
    many = [replace(FORCED, raised_at=NOW + n * MINUTE) for n in range(120)]
    accept(bench, batch([*many, replace(TAMPER, door=BACK)]))
    for number in range(1, 31):
        acknowledge(bench, number)
    shown = board(bench)
    assert (len(shown.open), len(shown.closed)) == (91, MOST_CLOSED)
    assert (shown.unacknowledged, shown.active) == (91, 2)
    assert MOST_OPEN == 100
    with bench.services.store.reading() as uow:
        at_door = bench.services.alarms.at_doors(uow, [BACK])
        assert bench.services.alarms.unacknowledged(uow) == 91
    assert [alarm.kind for alarm in at_door] == [AlarmKind.TAMPER]


def test_closed_alarms_go_after_the_time_the_policy_says(bench: Bench) -> None:
    keep = bench.services.policy.alarm_retention.period
    accept(bench, batch([FORCED, OVER, TAMPER, replace(FORCED, door=BACK)]))
    for number in (1, 3):
        acknowledge(bench, number)
    bench.now = NOW + keep - MINUTE
    bench.services.retirement.look()
    assert [alarm.number for alarm in board(bench).closed] == [1]
    bench.now = NOW + keep + timedelta(days=1)
    bench.services.retirement.look()
    assert board(bench).closed == ()
    assert {alarm.number for alarm in board(bench).open} == {2, 3}
    with bench.services.store.reading() as uow:
        (entry,) = AuditEntries(uow.session).of_subject("alarms")
        assert verify(uow).broken is None
    assert (entry.actor, entry.action) == ("registry", "alarms_forgotten")
    assert entry.reason == "1 closed more than 365 days ago"
    bench.services.retirement.look()
    with bench.services.store.reading() as uow:
        assert len(AuditEntries(uow.session).of_subject("alarms")) == 1


def test_the_alarm_that_changed_last_stays_so_that_no_change_counts_twice(
    bench: Bench,
) -> None:
    accept(bench, batch([FORCED, OVER]))
    acknowledge(bench, 1)
    with bench.services.store.reading() as uow:
        before = uow.alarms.last_change()
    bench.now = NOW + 2 * bench.services.policy.alarm_retention.period
    bench.services.retirement.look()
    with bench.services.store.reading() as uow:
        assert uow.alarms.last_change() == before


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    accept(bench, batch([FORCED, TAMPER, OVER, replace(FORCED, door=BACK)]))
    with bench.client() as ready:
        yield ready


def numbers(client: httpx.Client, query: str = "") -> list[int]:
    answer = client.get(f"/api/alarms{query}")
    assert answer.status_code == 200, answer.text
    return [alarm["number"] for alarm in answer.json()["alarms"]]


def test_the_api_lists_by_state_and_door_and_page(client: httpx.Client) -> None:
    assert numbers(client) == [1, 2, 3]
    assert numbers(client, "?state=raised") == [2, 3]
    assert numbers(client, "?state=cleared") == [1]
    assert numbers(client, "?state=closed") == []
    assert numbers(client, f"?door={BACK}") == [3]
    assert numbers(client, f"?door={FRONT}&state=raised") == [2]
    assert numbers(client, "?after=1&limit=1") == [2]
    assert client.get("/api/alarms?limit=2").json()["next"] == 2
    assert client.get("/api/alarms?after=7").json() == {"alarms": [], "next": 7}


def test_the_api_acknowledges_once(client: httpx.Client) -> None:
    path, body = "/api/alarms/1/acknowledge", {"operator": "王工", "note": "误报"}
    answer = client.post(path, json=body)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["state"], told["acknowledged_by"], told["note"]) == (
        "closed",
        "王工",
        "误报",
    )
    assert told["raised_at"] == "2026-06-01T04:00:00Z"
    assert client.post(path, json=body).status_code == 409
    without = client.post("/api/alarms/2/acknowledge", json={"operator": "王工"})
    assert (without.json()["state"], without.json()["note"]) == ("acknowledged", None)
    assert numbers(client, "?state=acknowledged") == [2]
