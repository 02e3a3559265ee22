"""A real door's ring, a broker that loses, a disk that fails: each event once."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.messages import Events, Hello, Record
from controller.protocols.smart_door.outgoing import Outgoing
from controller.protocols.smart_door.records import RecordCursor
from controller.session import AcknowledgePassages, Online
from controller.vocabulary import CardNumber, Gap, Passage, Reason, Revision
from gateway.reports import Reports
from tests.support.gateway_site import BACK, LOCK, Disk, Sent, site
from tests.support.gateway_store import NOON

CAPACITY = 45
"""Less than the window, so that the door overwrites what is on its way."""
LONG = 60.0


class ReportsMachine(RuleBasedStateMachine):
    """The owner of a record beside everything the door ever wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.disk, self.sent, self.site = Disk(), Sent(), site()
        self.now, self.epoch = 0.0, 0
        self.written: dict[tuple[int, int], CardNumber] = {}
        self.gone: set[tuple[int, int]] = set()
        self.up: list[Events] = []
        self.reports = self.new_reports()
        self.session = RecordCursor(LOCK)
        self.memory = DoorMemory(0, CAPACITY)
        self.replace_memory()

    def teardown(self) -> None:
        for _ in range(40):
            self.pass_time()
            while self.up:
                self.deliver()
            self.commit()
        held = list(range(self.memory.oldest, self.memory.last + 1))
        assert held == [], "in the end everything is durable and acknowledged"
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def new_reports(self) -> Reports:
        return Reports(
            self.site, lambda: self.disk.cursors, self.disk.append, self.sent.send
        )

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)
        for command in self.sent.take():
            assert isinstance(command, AcknowledgePassages)
            self.check_durable(command)
            self.session.acknowledge(command.epoch, command.index)
        self.pump()

    def pump(self) -> None:
        while (events := self.outgoing.next(self.now)) is not None:
            self.up.append(events)

    def check_durable(self, command: AcknowledgePassages) -> None:
        """A door may forget only what is in the record, as itself or as a hole."""
        kept = self.kept() | self.gaps()
        for epoch, index in self.written:
            if epoch == command.epoch and index <= command.index:
                assert (epoch, index) in kept

    def kept(self) -> set[tuple[int, int]]:
        return {
            (entry.origin.epoch, entry.origin.index)
            for entry in self.disk.entries
            if isinstance(entry, Passage) and entry.origin
        }

    def gaps(self) -> set[tuple[int, int]]:
        return {
            (entry.epoch, index)
            for entry in self.disk.entries
            if isinstance(entry, Gap)
            for index in range(entry.first, entry.last + 1)
        }

    @rule(count=st.integers(1, 30))
    def people_pass(self, count: int) -> None:
        for _ in range(count):
            card = CardNumber(len(self.written) + 1)
            record = Record(NOON - timedelta(1), True, Reason.PERMIT, card)
            oldest = self.memory.oldest
            index = self.memory.keep(record)
            self.written[self.epoch, index] = card
            if self.memory.oldest > oldest:
                self.gone.add((self.epoch, oldest))
        self.pump()

    @rule()
    def deliver(self) -> None:
        async def arrive(events: Events) -> None:
            self.reports.handle(self.session.take(events))

        if self.up:
            self.do(arrive(self.up.pop(0)))
            self.answer()

    @rule()
    def lose(self) -> None:
        if self.up:
            self.up.pop(0)

    def answer(self) -> None:
        told = self.session.acknowledgement()
        if told.epoch == self.memory.epoch:
            self.outgoing.acknowledge(told.upto, self.now)
        self.pump()

    @rule()
    def pass_time(self) -> None:
        self.now += LONG
        self.outgoing.on_timeout(self.now)
        self.pump()

    @rule()
    def commit(self) -> None:
        self.do(self.disk.commit())
        self.answer()

    @rule()
    def fail(self) -> None:
        self.do(self.disk.fail())

    @rule()
    def reconnect(self) -> None:
        async def greet() -> None:
            self.session.greet(self.hello())
            self.reports.handle([Online(LOCK, True)])

        self.up.clear()
        self.outgoing.rewind()
        self.do(greet())

    @rule()
    def restart(self) -> None:
        """Kill the gateway: what waits for the disk is neither kept nor answered."""
        self.disk.waiting.clear()
        self.reports, self.session = self.new_reports(), RecordCursor(LOCK)
        self.reconnect()

    @rule()
    def replace_memory(self) -> None:
        for index in range(1, self.memory.last + 1):
            self.gone.add((self.epoch, index))
        self.epoch += 1
        self.memory = DoorMemory(self.epoch, CAPACITY)
        self.outgoing = Outgoing(self.memory)
        self.reconnect()

    def hello(self) -> Hello:
        memory = self.memory
        return Hello(
            heard=0,
            epoch=memory.epoch,
            acknowledged=memory.acknowledged,
            last=memory.last,
            revision=Revision(0),
            digest=bytes(32),
            clock=NOON,
            opened=False,
            tampered=False,
            firmware="1",
        )

    @invariant()
    def every_event_is_kept_once_and_as_it_was(self) -> None:
        passages = [entry for entry in self.disk.entries if isinstance(entry, Passage)]
        assert len(passages) == len(self.kept())
        for passage in passages:
            origin = passage.origin
            assert origin is not None
            assert (passage.door, origin.controller) == (BACK, LOCK)
            assert passage.card == self.written[origin.epoch, origin.index]

    @invariant()
    def a_hole_is_named_only_where_the_door_has_one(self) -> None:
        assert not self.gaps() & self.kept()
        assert self.gaps() <= self.gone


ReportsMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
TestReports = ReportsMachine.TestCase
