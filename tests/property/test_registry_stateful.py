"""The register as a machine: whatever happens at the counter, doors follow it."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from controller.permit_table import PermitTable
from controller.uplink.messages import PermitDelta, PermitRequest, PermitSnapshot
from controller.vocabulary import GatewayId, Permit, Revision
from registry.audit.trail import verify
from registry.domain.credential import CredentialState
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.persistence.permits import PermitChangeRow
from registry.persistence.unit_of_work import UnitOfWork
from tests.support.postgresql import IN_THE_FOLDER, NewDatabase
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    KEEPER_CARD,
    NOW,
    OTHER_GATEWAY,
    OWNER_CARD,
    ROOM_CARD,
    TENANT_CARD,
    Bench,
    form,
    registry,
)

DAY = timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")
GRACE = 14 * DAY
TODAY = NOW.astimezone(ZONE).date()
DOORS = {"B1": {FRONT, BACK}, "B2": {FAR}}
GATEWAY_OF = {FRONT: GATEWAY, BACK: GATEWAY, FAR: OTHER_GATEWAY}
SPACES = (
    ("B1-0201", None),
    ("B1-0202", None),
    ("B1-0202", "B1-0202-A"),
    ("B1-0202", "B1-0202-B"),
    ("B2-0101", None),
)
OPEN = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
Terms = tuple[int, str, datetime, datetime]
"""Card, door, start and end: what a permit says, its number apart."""


@dataclass
class Home:
    """Where somebody lives, by tenancy; without dates for as long as can be said."""

    building: str
    unit: str
    room: str | None
    tenancy: str | None = None
    start: date | None = None
    end: date | None = None

    def clashes(self, unit: str, room: str | None, start: date, end: date) -> bool:
        if self.start is None or self.end is None or self.unit != unit:
            return False
        shared = self.room is None or room is None or self.room == room
        return shared and max(start, self.start) < min(end, self.end)

    def span(self) -> tuple[datetime, datetime] | None:
        if self.start is None or self.end is None:
            return OPEN
        if self.end <= self.start:
            return None
        return midnight(self.start), midnight(self.end) + GRACE


@dataclass
class Follower:
    """A gateway: what it holds and the revision it thinks it is at."""

    table: PermitTable = field(default_factory=PermitTable)
    revision: int = 0

    def take(self, answer: PermitDelta | PermitSnapshot) -> None:
        if isinstance(answer, PermitSnapshot):
            self.table = PermitTable(answer.permits)
        else:
            self.table.apply(answer.removed, answer.put)
        self.revision = answer.revision


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZONE).astimezone(UTC)


def let(tenancy: str, unit: str, room: str | None, end: date) -> Home:
    return Home("B1", unit, room, tenancy, date(2026, 1, 1), end)


def terms(permit: Permit) -> Terms:
    span = permit.validity
    return permit.card.value, permit.door, span.start, span.end


spaces = st.sampled_from(SPACES)
cards = st.sampled_from([6001, 6002, 6003, TENANT_CARD, ROOM_CARD, OWNER_CARD])
starts = st.integers(-40, 40)
lengths = st.integers(1, 60)
gateways = st.sampled_from([GATEWAY, OTHER_GATEWAY])


class Register(RuleBasedStateMachine):
    """The registry beside a model of a few dictionaries."""

    databases: NewDatabase

    @initialize()
    def seed(self) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(TemporaryDirectory())
        self.bench: Bench = self.stack.enter_context(
            registry(Path(folder), self.databases)
        )
        self.homes = {
            "P1": let("T1", "B1-0201", None, date(2027, 1, 1)),
            "P2": let("T2", "B1-0202", "B1-0202-A", date(2026, 6, 20)),
            "P3": Home("B1", "B1-0301", None),
            "P4": let("T3", "B1-0101", None, date(2027, 1, 1)),
        }
        self.held = {
            TENANT_CARD: "P1",
            ROOM_CARD: "P2",
            OWNER_CARD: "P3",
            KEEPER_CARD: "P4",
        }
        self.issued = set(self.held)
        self.followers = {GATEWAY: Follower(), OTHER_GATEWAY: Follower()}
        self.wanted = {FRONT: 1, BACK: 1, FAR: 0}

    def teardown(self) -> None:
        with self.bench.services.store.reading() as uow:
            assert verify(uow).broken is None
        self.stack.close()

    def act(self, deed: Callable[[UnitOfWork], object]) -> None:
        """Do something; a change of permits is one revision, no more and no less."""
        before, revision = self.published()
        try:
            with self.bench.services.store.writing() as uow:
                deed(uow)
        finally:
            after, reached = self.published()
            changed = {p.id for p in before ^ after}
            assert reached == revision + bool(changed)
            if changed:
                assert self.logged(reached) == changed, "the same is not sent again"
            for door in {p.door for p in before ^ after}:
                self.wanted[door] = reached

    def published(self) -> tuple[set[Permit], int]:
        with self.bench.services.store.reading() as uow:
            return {p.permit for p in uow.permits.every()}, uow.permits.revision()

    def logged(self, revision: int) -> set[int]:
        query = select(PermitChangeRow.permit)
        with self.bench.services.store.reading() as uow:
            rows = uow.session.scalars(
                query.where(PermitChangeRow.revision == revision)
            )
            return set(rows)

    @rule(space=spaces, card=st.none() | cards, start=starts, length=lengths)
    def record(
        self, space: tuple[str, str | None], card: int | None, start: int, length: int
    ) -> None:
        unit, room = space
        first = TODAY + start * DAY
        last = first + length * DAY
        asked = form(
            unit=unit,
            room=room or "",
            card=str(card or ""),
            start=first.isoformat(),
            end=last.isoformat(),
        )
        wrong = {"card"} if card in self.held else set()
        if any(h.clashes(unit, room, first, last) for h in self.homes.values()):
            wrong.add("start")

        def deed(uow: UnitOfWork) -> None:
            done = self.bench.services.registration.record_tenancy(uow, asked, "test")
            home = Home(unit[:2], unit, room, done.tenancy.id, first, last)
            self.homes[done.party] = home
            if card is not None:
                self.held[card] = done.party
                self.issued.add(card)

        if not wrong:
            self.act(deed)
            return
        with pytest.raises(Invalid) as refused:
            self.act(deed)
        assert {e.field for e in refused.value.fields} == wrong

    @rule(data=st.data())
    def end_tenancy(self, data: st.DataObject) -> None:
        let_ones = [h for h in self.homes.values() if h.tenancy is not None]
        home = data.draw(st.sampled_from(let_ones), "home")
        assert home.start is not None
        assert home.end is not None
        day = data.draw(st.dates(home.start - DAY, home.end + DAY), "day")
        inside = home.start <= day <= home.end
        tenancy = home.tenancy or ""

        def deed(uow: UnitOfWork) -> None:
            self.bench.services.registration.end_tenancy(uow, tenancy, day, "test")

        if inside:
            home.end = day
            self.act(deed)
        else:
            with pytest.raises(Invalid):
                self.act(deed)

    @rule(card=cards, state=st.sampled_from(["lost", "cancelled", "returned"]))
    def end_card(self, card: int, state: str) -> None:
        def deed(uow: UnitOfWork) -> None:
            how = CredentialState(state)
            self.bench.services.registration.end_card(uow, card, how, "gone", "test")

        if card in self.held:
            del self.held[card]
            self.act(deed)
            return
        with pytest.raises(Conflict if card in self.issued else NotFound):
            self.act(deed)

    @rule(days=st.integers(1, 30))
    def time_passes(self, days: int) -> None:
        self.bench.now += days * DAY

    @rule()
    def retire(self) -> None:
        self.act(self.bench.services.permits.retire)
        assert all(p.validity.end > self.bench.now for p in self.published()[0])

    @rule(gateway=gateways, times=st.integers(0, 2))
    def sync(self, gateway: GatewayId, times: int) -> None:
        """Ask; the answer may be lost, and it may be applied twice."""
        follower = self.followers[gateway]
        asked = PermitRequest(
            gateway, Revision(follower.revision), follower.table.digest
        )
        permits = self.bench.services.permits
        with self.bench.services.store.writing() as uow:
            answer = permits.answer(uow, asked)
            permits.pushed(uow, gateway, answer.revision)
        if isinstance(answer, PermitDelta):
            assert answer.base == follower.revision
        for _ in range(times):
            follower.take(answer)
            self.follows(gateway)

    @rule(gateway=gateways)
    def forget(self, gateway: GatewayId) -> None:
        """Lose everything, as a gateway with a new disk does."""
        self.followers[gateway] = Follower()

    @rule(gateway=gateways, revision=st.integers(0, 30))
    @precondition(lambda self: self.published()[1] > 1)
    def mistake(self, gateway: GatewayId, revision: int) -> None:
        """Believe in a revision that does not go with what is held."""
        self.followers[gateway].revision = revision

    def follows(self, gateway: GatewayId) -> None:
        follower = self.followers[gateway]
        mine = {p for p in self.published()[0] if GATEWAY_OF[p.door] == gateway}
        assert set(follower.table.permits()) == mine
        with self.bench.services.store.reading() as uow:
            assert uow.permits.set_of(gateway).digest == follower.table.digest

    @invariant()
    def doors_open_for_who_lives_there_and_nobody_else(self) -> None:
        now = self.bench.now
        expected = {
            (card, door, *span)
            for card, party in self.held.items()
            if (span := self.homes[party].span()) is not None and now < span[1]
            for door in DOORS[self.homes[party].building]
        }
        found = {terms(p) for p in self.published()[0] if p.validity.end > now}
        assert found == expected

    @invariant()
    def doors_want_the_revision_of_their_last_change(self) -> None:
        with self.bench.services.store.reading() as uow:
            statuses = uow.hardware.statuses()
        assert {s.door.id: s.wanted for s in statuses} == self.wanted
        assert all(s.pushed <= s.wanted for s in statuses)


def test_register(new_database: NewDatabase) -> None:
    class Here(Register):
        databases = new_database

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=16 if new_database is IN_THE_FOLDER else 6,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
