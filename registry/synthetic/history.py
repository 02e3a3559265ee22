"""Fills an example street with a history: papers, stays that differ, and walks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.cbor import microseconds
from registry.audit.trail import EXAMPLE, Action, Deed, record
from registry.domain.errors import Conflict
from registry.domain.occupancy import Basis
from registry.domain.parties import Party
from registry.domain.places import UnitUse
from registry.domain.policy import Policy
from registry.domain.tenancy import Tenancy
from registry.persistence import partitions
from registry.persistence.passage_lines import Source, add_passages
from registry.persistence.unit_of_work import Store, UnitOfWork
from registry.services.permits import PermitService
from registry.synthetic import papers, stays
from registry.synthetic.planted import MADE, Making, Planted, dice, units
from registry.synthetic.walkers import Pair, gather
from registry.synthetic.walks import Walker, days_before, twice, walk

GATEWAY = "example"
"""No gateway of this name exists, so no record of one is continued."""
LINES_AT_ONCE = 50_000
FEW = 0.002
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """How many days of passages, from which seed."""

    days: int
    seed: int


class SyntheticHistory:
    """Adds to what was imported as an example and has no passages yet."""

    def __init__(
        self,
        store: Store,
        permits: PermitService,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        """Work on a store as of the clock's day."""
        self._store = store
        self._permits = permits
        self._policy = policy
        self._clock = clock

    def fill(self, wish: Wish, progress: Progress) -> Planted:
        """Add a history, and return what was planted in it.

        `progress` hears each step with a count: register, permits, then every day.
        """
        now = self._clock()
        today = now.astimezone(self._policy.zone).date()
        making = Making(today, now, dice(wish.seed, "register"), Planted())
        with self._store.writing() as uow:
            if uow.passages.last_number():
                raise Conflict("there are passages already: fill a fresh register")
            changed = _register(uow, making)
            progress("register", len(changed.stays))
            walkers, pairs = gather(uow, changed, making)
            progress("permits", self._permits.rederive(uow))
            began = now - timedelta(days=wish.days)
            partitions.make(uow.session.connection(), began, now)
            deed = Deed("operator", Action.STREET_IMPORTED, "street:history", EXAMPLE)
            record(uow, [deed], now)
        self._walk(wish, making, walkers, pairs, progress)
        return making.planted

    def _walk(
        self,
        wish: Wish,
        making: Making,
        walkers: Sequence[Walker],
        pairs: Sequence[Pair],
        progress: Progress,
    ) -> None:
        days, zone = days_before(making.today, wish.days), self._policy.zone
        apart = days[-20:-10:3] or days[-1:]
        told = Source(GATEWAY, 1, microseconds(making.now))
        for day, lines in walk(walkers, days, zone, dice(wish.seed, "walks")):
            for pair in pairs if day in apart else ():
                lines.extend(twice(pair.walker, pair.doors, day, zone))
            for start in range(0, len(lines), LINES_AT_ONCE):
                some = lines[start : start + LINES_AT_ONCE]
                with self._store.recording() as uow:
                    add_passages(uow.session, told, some)
            progress("day", len(lines))


def _register(uow: UnitOfWork, making: Making) -> stays.Changed:
    """Change what the rules ask about, and write the papers of the rest."""
    tenancies, living = uow.tenancies.find(), uow.occupancies.find()
    changed = stays.go_otherwise(tenancies, living, making)
    for tenancy in changed.tenancies:
        uow.tenancies.revise(tenancy, MADE, making.now)
    for stay in (*changed.stays, *stays.unsaid_families(living, making.luck)):
        uow.occupancies.revise(stay, MADE, making.now)
    _note_unfiled(uow, making)
    _let_twice(uow, tenancies, making)
    first = {o.tenancy: o.party for o in living if o.tenancy is not None}
    current = {t.id: t for t in (*tenancies, *changed.tenancies)}
    lettings = _signers(uow, current.values(), first, making)
    written = papers.write(lettings, making)
    uow.rights.add(written.rights, MADE, making.now)
    uow.contracts.add(written.contracts, MADE, making.now)
    uow.external_filings.add(written.receipts, MADE, making.now)
    return changed


def _note_unfiled(uow: UnitOfWork, making: Making) -> None:
    """Note which homes are let without a filing, and which only look like it."""
    planted = making.planted
    filed = {filing.unit for filing in uow.filings.find()}
    shops = {unit.code for unit in units(uow) if unit.use is UnitUse.SHOP}
    let = {t.unit for t in uow.tenancies.find() if t.holds(making.today)}
    family = {o.unit for o in uow.occupancies.find() if o.basis is Basis.FAMILY}
    planted.real["H1"] |= let - filed - shops
    planted.innocent["H1"] |= family - filed - let


def _let_twice(uow: UnitOfWork, tenancies: Sequence[Tenancy], making: Making) -> None:
    """Record a second tenancy of some whole homes beside the first."""
    whole = [t for t in tenancies if t.room is None and t.holds(making.today)]
    chosen = [t for t in whole if making.luck.random() < FEW]
    again = [replace(t, id=f"{t.id}.again", landlord=None) for t in chosen]
    uow.tenancies.add(again, MADE, making.now)
    making.planted.real["H11"] |= {t.unit for t in chosen}


def _signers(
    uow: UnitOfWork,
    tenancies: Iterable[Tenancy],
    first: dict[str, str],
    making: Making,
) -> list[tuple[Tenancy, str]]:
    """Return who signed each tenancy: of some, somebody who never moved in."""
    lettings, strangers = [], []
    for tenancy in tenancies:
        tenant = first.get(tenancy.id)
        if tenant is None:
            continue
        if tenancy.room is None and making.luck.random() < FEW:
            tenant = f"{tenancy.id}.signer"
            strangers.append(Party(tenant))
            making.planted.real["H8"].add(tenancy.unit)
        lettings.append((tenancy, tenant))
    uow.parties.add(strangers)
    return lettings
