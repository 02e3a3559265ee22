"""The rules of doors reach the gateway, stay there, and are never guessed."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from controller.decision import decide
from controller.door_rules import DoorMode, DoorRules, FirstCard
from controller.doorkeeping.keeper import Doorkeeper
from controller.doorkeeping.rulings import Moment
from controller.permit_table import PermitTable
from controller.uplink.codec import encode
from controller.uplink.messages import DoorRuleBook
from controller.vocabulary import CardNumber, DoorId, GatewayId, Reason, Revision
from gateway import backoff
from gateway.errors import UplinkFailed
from gateway.rules import FIRST_CARDS, RULES, Rules
from gateway.store.state import State
from tests.support.gateway_registry import Registry
from tests.support.gateway_site import BACK, FRONT, permit, site
from tests.support.gateway_store import NOON, spoil
from tests.support.porch import ALWAYS
from tests.support.waiting import until

UNLOCKED = DoorRules(FRONT, DoorMode.UNLOCKED)
LOCKED = DoorRules(FRONT, DoorMode.LOCKED)
BY_77 = DoorRules(FRONT, first_card=FirstCard(ALWAYS, frozenset({CardNumber(77)})))


class Office:
    """A gateway's rules, between a registry and a disk, started as often as asked."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry, self.path = registry, folder / "state.db"
        self.relieved = 0

    def relieve(self) -> None:
        self.relieved += 1

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Office"]:
        self.state = State(self.path)
        table = PermitTable([permit(77), permit(78)])
        self.keeper = Doorkeeper(lambda *asked: decide(table, *asked), {FRONT: 4.0})
        async with self.registry.uplink() as uplink:
            self.rules = Rules(site(), self.state, self.keeper, uplink, self.relieve)
            yield self
        self.state.close()

    def mode(self) -> DoorMode:
        return self.keeper.mode(FRONT, NOON)

    def reason(self, card: int) -> Reason:
        (ruling,) = self.keeper.card(FRONT, CardNumber(card), Moment(NOON, 0.0))
        if ruling.first:
            self.rules.first_card_came()
        return ruling.verdicts[0].decision.reason


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "LONGEST", 0.02)
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Registry() as registry:
        yield Office(registry, tmp_path)


async def test_rules_are_followed_at_once_and_survive_without_a_registry(
    office: Office,
) -> None:
    async with office.open():
        assert office.mode() is DoorMode.CONTROLLED
        task = asyncio.create_task(office.rules.run())
        await until(lambda: office.registry.rule_requests)
        await office.registry.rule(UNLOCKED)
        await until(lambda: office.mode() is DoorMode.UNLOCKED)
        await office.registry.rule(LOCKED)
        await until(lambda: office.mode() is DoorMode.LOCKED)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(office.registry.rule_requests) <= 4, "each was one long poll"
    office.registry.fault = lambda _: web.Response(status=503)
    async with office.open():
        assert office.mode() is DoorMode.LOCKED
        with pytest.raises(UplinkFailed, match="503"):
            await office.rules.once(0)
        assert office.mode() is DoorMode.LOCKED
    office.registry.fault = lambda answer: answer
    async with office.open():
        await office.rules.once(0)
    assert [each.after for each in office.registry.rule_requests[-2:]] == [2, 2]


async def test_rules_of_an_earlier_revision_are_rules_too(office: Office) -> None:
    await office.registry.rule(UNLOCKED)
    await office.registry.rule(UNLOCKED)
    async with office.open():
        await office.rules.once(0)
        office.registry.book = replace(
            office.registry.book, revision=Revision(1), doors=()
        )
        await office.rules.once(0)
        assert office.mode() is DoorMode.CONTROLLED, "a registry that was restored"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE kept SET body = x'00'",
        "UPDATE kept SET body = replace(hex(body), '1', '2')",
        "UPDATE kept SET digest = NULL WHERE 0; DELETE FROM kept",
    ],
)
async def test_damaged_rules_are_no_rules_until_they_are_told_again(
    office: Office, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    await office.registry.rule(UNLOCKED)
    async with office.open():
        await office.rules.once(0)
    for statement in damage.split("; "):
        spoil(office.path, statement)
    async with office.open():
        assert office.mode() is DoorMode.CONTROLLED
        assert office.reason(79) is Reason.UNKNOWN_CARD
        assert office.reason(77) is Reason.PERMIT
        assert "DELETE" in damage or "door rules cannot be read" in caplog.text
        await office.rules.once(0)
        assert office.mode() is DoorMode.UNLOCKED
    assert [each.after for each in office.registry.rule_requests] == [0, 0]


async def test_bytes_that_are_no_rules_are_no_rules(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    async with office.open():
        office.state.keep(RULES, b"\x80")
        office.state.keep(FIRST_CARDS, b"\xff")
    async with office.open():
        assert office.mode() is DoorMode.CONTROLLED
    for name in (RULES, FIRST_CARDS):
        assert f"{name} cannot be read, there are none" in caplog.text


async def test_rules_for_another_gateway_change_nothing(office: Office) -> None:
    await office.registry.rule(UNLOCKED)
    foreign = DoorRuleBook(GatewayId("gateway-2"), office.registry.book)
    body = encode(foreign, office.registry.signer)
    office.registry.fault = lambda _: web.Response(body=body)
    async with office.open():
        with pytest.raises(UplinkFailed, match="not for us"):
            await office.rules.once(0)
        assert office.mode() is DoorMode.CONTROLLED


async def test_a_full_disk_keeps_the_rules_before_and_is_relieved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office.open():
        keep, failures = office.state.keep, [1]

        def full(name: str, body: bytes) -> None:
            if failures:
                failures.pop()
                raise sqlite3.OperationalError("database or disk is full")
            keep(name, body)

        monkeypatch.setattr(office.state, "keep", full)
        await office.registry.rule(UNLOCKED)
        with pytest.raises(sqlite3.OperationalError):
            await office.rules.once(0)
        assert office.mode() is DoorMode.CONTROLLED
        failures.append(1)
        task = asyncio.create_task(office.rules.run())
        await until(lambda: office.mode() is DoorMode.UNLOCKED)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert office.relieved == 1


async def test_a_restart_does_not_forget_who_came_first(office: Office) -> None:
    await office.registry.rule(BY_77)
    async with office.open():
        await office.rules.once(0)
        assert office.reason(78) is Reason.FIRST_CARD
        assert office.reason(77) is Reason.PERMIT
    async with office.open():
        assert office.reason(78) is Reason.PERMIT


async def test_a_first_card_that_cannot_be_kept_still_opens(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    await office.registry.rule(BY_77)
    async with office.open():
        await office.rules.once(0)
        monkeypatch.setattr(office.state, "keep", full)
        assert office.reason(77) is Reason.PERMIT
    assert "a first card is not remembered" in caplog.text


async def test_rules_nobody_follows_are_told_in_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    nowhere = DoorRules(DoorId("nowhere"))
    await office.registry.rule(UNLOCKED, DoorRules(BACK), nowhere)
    async with office.open():
        await office.rules.once(0)
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "door back: its rules are not followed, its controller decides",
        "door nowhere: its rules are not followed, it is not here",
    ]
