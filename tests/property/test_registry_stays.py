"""Whatever anybody says in whatever order: the tables hold and nobody is put out."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from controller.vocabulary import Permit
from registry.domain.credential import CREDENTIALS, CredentialEvent, CredentialState
from registry.domain.errors import RegistryError
from registry.domain.grant import GrantReason
from registry.domain.machine import Machine
from registry.domain.occupancy import OCCUPANCIES, Side
from registry.domain.parties import Party
from registry.domain.permits import derive
from registry.domain.principals import Principal, Role
from registry.domain.visit import VISITS, Finding, Severity
from registry.persistence.rows import Record
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.grants import GrantWish
from registry.services.stays import StayWish
from registry.services.tenancies import Renewal, TenancyWish
from registry.services.visits import Report
from tests.support.postgresql import IN_THE_FOLDER, NewDatabase
from tests.support.registry_bench import FRONT, TENANT_CARD, Bench, registry

DAY = timedelta(days=1)
LANDLORD = Principal(Role.LANDLORD, "landlord", "P9")
NEWCOMER = Principal(Role.TENANT, "new", "P5")
CLERK = Principal(Role.CLERK, "clerk")
SPEAKERS = (
    LANDLORD,
    Principal(Role.TENANT, "first", "P1"),
    Principal(Role.TENANT, "second", "P2"),
    NEWCOMER,
    Principal(Role.GRID_OFFICER, "officer", area="G001"),
    CLERK,
)
LEDGERS = tuple(
    f"{kind}_versions" for kind in ("occupancy", "tenancy", "grant", "visit")
)
UNITS = ("B1-0201", "B1-0202", "B1-0301", "B2-0101")
who = st.sampled_from([*SPEAKERS, LANDLORD, CLERK])
days = st.integers(-20, 40).map(lambda n: n * DAY)
lengths = st.none() | st.integers(1, 60).map(lambda n: n * DAY)
cards = st.sampled_from([TENANT_CARD, 4002, 7001, 7002, 7003])
index = st.integers(0, 40)
sides = st.none() | st.sampled_from(Side)


class Street(RuleBasedStateMachine):
    """A landlord, tenants and the street speak; whom they may not hear is refused."""

    databases: NewDatabase

    @initialize()
    def seed(self) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(TemporaryDirectory())
        self.bench: Bench = self.stack.enter_context(
            registry(Path(folder), self.databases)
        )
        services = self.bench.services
        with services.store.writing() as uow:
            uow.parties.add([Party("P5"), Party("P6")])
            for by, unit, party in (
                (NEWCOMER, "B1-0202", "P5"),
                (LANDLORD, "B1-0201", "P6"),
                (CLERK, "B2-0101", "P5"),
            ):
                wish = StayWish(unit, self.today - 9 * DAY, party=party)
                services.stays.declare(uow, by, wish)
            services.cards.bind(uow, CLERK, 7001, "P5")
            services.cards.bind(uow, CLERK, 7002, "P6")
            first = self.bench.now
            visit = GrantWish("B1-0201", "P1", GrantReason.VISIT, first, first + DAY)
            services.grants.give(uow, LANDLORD, visit)
        self.seen: dict[tuple[str, int], tuple[object, ...]] = {}

    def teardown(self) -> None:
        """Walk every history from its beginning: each step is one the tables allow."""
        with self.bench.services.store.reading() as uow:
            for ledger, machine in (
                (uow.occupancies, OCCUPANCIES),
                (uow.visits, VISITS),
            ):
                for id_ in ledger.ids():
                    walked(machine, [v.content.state for v in ledger.history(id_)])
            for walk in card_states(uow):
                walked(CREDENTIALS, walk)
        self.stack.close()

    @property
    def today(self) -> date:
        return self.bench.services.stays.today()

    def act(self, by: Principal, deed: Callable[[UnitOfWork], object]) -> None:
        """Do something that may be refused; a landlord alone takes no doors away."""
        before = self.homes()
        with suppress(RegistryError), self.bench.services.store.writing() as uow:
            deed(uow)
        if by.role is Role.LANDLORD:
            after = self.homes()
            assert all(any(covers(a, b) for a in after) for b in before)

    def homes(self) -> frozenset[Permit]:
        """Return what opens by stays alone, and has begun."""
        now = self.bench.now
        with self.bench.services.store.reading() as uow:
            found = derive(
                uow.occupancies.find(),
                uow.credentials.every(),
                uow.hardware.doors(),
                self.bench.services.policy,
                now,
            )
        return frozenset(p for p in found if p.validity.start <= now)

    def pick(self, kind: str, number: int) -> str:
        """Return one of the records of a kind, mostly one that is not over."""
        with self.bench.services.store.reading() as uow:
            found = getattr(uow, kind).find()
        over = {"ended", "void", "done", "dropped"}
        open_ = [r.id for r in found if getattr(r, "state", None) not in over]
        ids: list[str] = sorted(open_) or [r.id for r in found] or ["none"]
        return ids[number % len(ids)]

    @rule(by=who, unit=st.sampled_from(UNITS), start=days, length=lengths)
    def declare(
        self, by: Principal, unit: str, start: timedelta, length: timedelta | None
    ) -> None:
        first = self.today + start
        end = None if length is None else first + length
        party = None if by.role is Role.TENANT else "P5"
        wish = StayWish(unit, first, end, party=party)
        self.act(by, lambda uow: self.bench.services.stays.declare(uow, by, wish))

    @rule(
        by=who,
        number=index,
        verb=st.sampled_from(["confirm", "contest", "withdraw", "dispute_leave"]),
        side=sides,
    )
    def answer(self, by: Principal, number: int, verb: str, side: Side | None) -> None:
        id_, said = self.pick("occupancies", number), side if by.staff else None
        deed = getattr(self.bench.services.stays, verb)
        self.act(by, lambda uow: deed(uow, by, id_, said))

    @rule(by=who, number=index, on=days, side=sides, confirm=st.booleans())
    def leave(
        self,
        by: Principal,
        number: int,
        on: timedelta,
        side: Side | None,
        confirm: bool,
    ) -> None:
        id_, day = self.pick("occupancies", number), self.today + on
        said = side if by.staff else None
        stays = self.bench.services.stays
        deed = stays.confirm_leave if confirm else stays.leave
        self.act(by, lambda uow: deed(uow, by, id_, day, said))

    @rule(by=who, unit=st.sampled_from(UNITS), start=days, length=lengths)
    def let(
        self, by: Principal, unit: str, start: timedelta, length: timedelta | None
    ) -> None:
        first = self.today + start
        wish = TenancyWish(unit, first, None if length is None else first + length)
        self.act(by, lambda uow: self.bench.services.tenancies.add(uow, by, wish))

    @rule(
        by=who,
        number=index,
        verb=st.sampled_from(["renew", "hold_over", "end"]),
        day=days,
        length=lengths,
    )
    def go_on_or_end(
        self,
        by: Principal,
        number: int,
        verb: str,
        day: timedelta,
        length: timedelta | None,
    ) -> None:
        tenancies, id_ = self.bench.services.tenancies, self.pick("tenancies", number)
        first = self.today + day
        renewal = Renewal(first, None if length is None else first + length)
        deeds: dict[str, Callable[[UnitOfWork], object]] = {
            "renew": lambda uow: tenancies.renew(uow, by, id_, renewal),
            "hold_over": lambda uow: tenancies.hold_over(uow, by, id_),
            "end": lambda uow: tenancies.end(uow, by, id_, first),
        }
        self.act(by, deeds[verb])

    @rule(by=who, card=cards, number=index)
    def change_card(self, by: Principal, card: int, number: int) -> None:
        """Let something happen to a card that may, or at times that may not."""
        with self.bench.services.store.reading() as uow:
            held = uow.credentials.live(card)
        state = CredentialState.BLANK if held is None else held.state
        events = [e for e in CredentialEvent if CREDENTIALS.allows(state, e)]
        event = [*events * 5, *CredentialEvent][number % (len(events) * 5 + 10)]
        service = self.bench.services.cards
        self.act(by, lambda uow: service.change(uow, by, card, event, "because"))

    @rule(by=who, card=cards, party=st.sampled_from(["P1", "P2", "P5", "P6"]))
    def bind(self, by: Principal, card: int, party: str) -> None:
        service = self.bench.services.cards
        self.act(by, lambda uow: service.bind(uow, by, card, party))

    @rule(by=who, unit=st.sampled_from(UNITS), start=days, hours=st.integers(1, 900))
    def grant(self, by: Principal, unit: str, start: timedelta, hours: int) -> None:
        first = self.bench.now + start
        end = first + timedelta(hours=hours)
        doors = frozenset({FRONT}) if hours % 2 else frozenset[str]()
        wish = GrantWish(unit, "P1", GrantReason.VISIT, first, end, doors)
        self.act(by, lambda uow: self.bench.services.grants.give(uow, by, wish))

    @rule(by=who, number=index)
    def revoke(self, by: Principal, number: int) -> None:
        id_, service = self.pick("grants", number), self.bench.services.grants
        self.act(by, lambda uow: service.revoke(uow, by, id_, "over"))

    @rule(by=who, number=index, finding=st.sampled_from(Finding))
    def visit(self, by: Principal, number: int, finding: Finding) -> None:
        id_, service = self.pick("visits", number), self.bench.services.visits
        self.act(by, lambda uow: service.assign(uow, by, id_, "clerk"))
        self.act(by, lambda uow: service.close(uow, by, id_, Report(finding)))

    @rule(by=who, unit=st.sampled_from(UNITS))
    def look(self, by: Principal, unit: str) -> None:
        service = self.bench.services.visits
        self.act(by, lambda uow: service.open(uow, by, unit, Severity.NORMAL))

    @rule(passed=st.integers(1, 20))
    def time_passes(self, passed: int) -> None:
        self.bench.now += passed * DAY
        self.bench.services.retirement.look()

    @invariant()
    def permits_are_what_the_register_says(self) -> None:
        now = self.bench.now
        with self.bench.services.store.reading() as uow:
            derived = derive(
                uow.occupancies.find(),
                uow.credentials.every(),
                uow.hardware.doors(),
                self.bench.services.policy,
                now,
                grants=uow.grants.find(),
            )
            published = {p.permit for p in uow.permits.every()}
        assert {p for p in published if p.validity.end > now} == derived

    @invariant()
    def history_is_only_added_to(self) -> None:
        with self.bench.services.store.reading() as uow:
            rows = dict(told(uow))
        for key, before in self.seen.items():
            assert rows[key][1:] == before[1:]
            assert before[0] in {None, rows[key][0]}, "what is superseded stays so"
        self.seen = rows


def covers(wider: Permit, narrower: Permit) -> bool:
    """Say whether one permit opens whatever another opens from now on."""
    same = (wider.card, wider.door) == (narrower.card, narrower.door)
    return same and wider.validity.end >= narrower.validity.end


def told(uow: UnitOfWork) -> Iterator[tuple[tuple[str, int], tuple[object, ...]]]:
    """Return every row that is only ever added, its superseding first."""
    tables = Record.metadata.tables
    for name in LEDGERS:
        table = tables[name]
        columns = [c for c in table.c if c.name != "superseded_at"]
        for row in uow.session.execute(select(table.c.superseded_at, *columns)):
            yield (name, row.version), tuple(row)
    changes = tables["credential_changes"]
    for row in uow.session.execute(select(changes)):
        yield (changes.name, row.number), (None, *row)


def card_states(uow: UnitOfWork) -> Iterator[list[CredentialState]]:
    for credential in uow.credentials.with_changes(uow.credentials.every()):
        made = [change.state for change in credential.changes]
        first = [] if made[:1] == ["issued"] else [CredentialState.ACTIVE]
        yield [*first, *made]
        assert credential.state == [*first, *made][-1]


def walked(machine: Machine[Any, Any], states: Iterable[Any]) -> None:
    """Check that each state follows from the one before in one move or two."""
    moves: dict[str, set[str]] = {}
    for (start, _), end in machine.moves.items():
        moves.setdefault(start, set()).add(end)
    for here, there in pairwise(states):
        near = moves.get(here, set())
        far = {end for step in near for end in moves.get(step, set())}
        assert there in {here} | near | far, (machine.of, here, there)


def test_street(new_database: NewDatabase) -> None:
    class Here(Street):
        databases = new_database

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=8 if new_database is IN_THE_FOLDER else 3,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
