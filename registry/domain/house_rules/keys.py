"""H3, H4, H5 and H7: cards that open, and who is on record as living there."""

from collections.abc import Iterator
from datetime import date, timedelta

from registry.domain.credential import CredentialState
from registry.domain.house_rules.doors import CLOCK, DOOR, EVERY_DOOR
from registry.domain.house_rules.inputs import HouseInputs
from registry.domain.house_rules.rule import (
    Finding,
    Guard,
    GuardName,
    Limits,
    Look,
    Numbers,
    Rule,
    RuleId,
    Use,
)
from registry.domain.occupancy import Basis, Occupancy, OccupancyState
from registry.domain.policy.keys import Key
from registry.domain.rights import Contract
from registry.domain.tenancy import Tenancy

WAITING = frozenset(
    {OccupancyState.DECLARED, OccupancyState.CONTESTED, OccupancyState.VISIT}
)


def _paper_end(house: HouseInputs, tenancy: Tenancy) -> date | None:
    """Return when a tenancy ends by itself or by its contract, holdover apart."""
    contract: Contract | None = next(
        (c for c in house.contracts if c.id == tenancy.contract), None
    )
    of_contract = None if contract is None else contract.end
    return tenancy.ended_on or tenancy.end or of_contract


def _uses(house: HouseInputs, cards: frozenset[int], since: date) -> frozenset[Use]:
    return frozenset(
        (use.day, use.door)
        for use in house.days
        if use.granted and since <= use.day <= house.today and use.credential in cards
    )


def _after_end(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    grace = timedelta(days=limits[Key.LEASE_END_GRACE].days)
    needed = limits[Key.USED_DAYS_AFTER_END].amount
    for tenancy in house.tenancies:
        end = _paper_end(house, tenancy)
        if end is None or end + grace >= house.today:
            continue
        parties = {o.party for o in house.occupancies if o.tenancy == tenancy.id}
        uses = _uses(house, house.cards_of(frozenset(parties)), end + grace)
        days = {day for day, _ in uses}
        if len(days) >= needed:
            numbers: Numbers = {
                "end": end.isoformat(),
                "days": len(days),
                "last": max(days).isoformat(),
            }
            yield Finding(numbers, tenancy, uses=uses, needed=needed)


def _renewed(look: Look) -> bool:
    tenancy = look.found.tenancy
    if tenancy is None:
        return False
    next_ones = [
        t
        for t in look.house.tenancies
        if t.id != tenancy.id and t.start >= tenancy.start and t.holds(look.house.today)
    ]
    theirs = {o.party for o in look.house.occupancies if o.tenancy == tenancy.id}
    ids = {t.id for t in next_ones}
    again = {o.party for o in look.house.living if o.tenancy in ids}
    return tenancy.renewed_by is not None or bool(theirs & again)


def _indefinite(look: Look) -> bool:
    tenancy = look.found.tenancy
    return tenancy is not None and tenancy.end is None and tenancy.ended_on is None


def _holdover(look: Look) -> bool:
    tenancy = look.found.tenancy
    return tenancy is not None and tenancy.holdover_since is not None


H3 = Rule(
    RuleId.H3,
    1,
    "租约到期后，卡还在用吗",
    "登记的租约在 {end} 到期，过了 {lease_end_grace} 天宽限，"
    "仍有 {days} 天用卡开过门，最近一次在 {last}。多半是续租没有登记。",
    "问双方：已续租、正在搬离，还是有争议。不锁门。",
    (Key.LEASE_END_GRACE, Key.USED_DAYS_AFTER_END),
    _after_end,
    (
        Guard(GuardName.RENEWED, _renewed),
        Guard(GuardName.INDEFINITE, _indefinite),
        Guard(GuardName.HOLDOVER, _holdover),
        CLOCK,
        DOOR,
    ),
)


def _while_empty(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    if house.living:
        return
    window = limits[Key.VACANT_WINDOW].days
    needed = limits[Key.VACANT_USE_DAYS].amount
    since = house.today - timedelta(days=window - 1)
    # Whoever's lease ended is asked about by H3, after its grace.
    tenants = {o.party for o in house.occupancies if o.tenancy is not None}
    others = frozenset(c.credential for c in house.cards if c.party not in tenants)
    uses = _uses(house, others, since)
    days = {day for day, _ in uses}
    if len(days) >= needed:
        yield Finding({"days": len(days)}, uses=uses, needed=needed)


def _owner_keys(look: Look) -> bool:
    house = look.house
    owners = {r.party for r in house.rights if r.holds(house.today)}
    owners |= {t.landlord for t in house.tenancies if t.landlord is not None}
    owners |= {o.party for o in house.occupancies if o.tenancy is not None}
    others = frozenset(c.credential for c in house.cards if c.party not in owners)
    window = timedelta(days=look.limits[Key.VACANT_WINDOW].days - 1)
    days = {day for day, _ in _uses(house, others, house.today - window)}
    return len(days) < look.found.needed


def _moving_in(look: Look) -> bool:
    until = look.house.today + timedelta(days=look.limits[Key.SILENCE_VISIT].days)
    since = look.house.today - timedelta(days=look.limits[Key.SILENCE_VISIT].days)
    starts = [t.start for t in look.house.tenancies]
    starts += [o.start for o in look.house.occupancies if o.start is not None]
    return any(since <= start <= until for start in starts)


def _move_out(look: Look) -> bool:
    grace = timedelta(days=look.limits[Key.DOOR_GRACE].days)
    ends = [o.end for o in look.house.occupancies if o.end is not None]
    return any(end <= look.house.today < end + grace for end in ends)


H4 = Rule(
    RuleId.H4,
    1,
    "登记为空置，却有人用卡吗",
    "本套没有在册的居住，最近 {vacant_window} 天里却有 {days} 天用卡开过门"
    "（满 {vacant_use_days} 天才提示）。",
    "向房东核实是否空置。",
    (Key.VACANT_WINDOW, Key.VACANT_USE_DAYS, Key.DOOR_GRACE, Key.SILENCE_VISIT),
    _while_empty,
    (
        Guard(GuardName.OWNER_KEYS, _owner_keys),
        Guard(GuardName.MOVING_IN, _moving_in),
        Guard(GuardName.MOVE_OUT_GRACE, _move_out),
        CLOCK,
        DOOR,
    ),
)


def _active(house: HouseInputs, party: str, before: date) -> int:
    return sum(
        c.party == party and c.state is CredentialState.ACTIVE and c.issued_on <= before
        for c in house.cards
    )


def _unconfirmed(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    patience = timedelta(days=limits[Key.SILENCE_VISIT].days)
    stays = tuple(
        o
        for o in house.living
        if o.state in WAITING
        and (o.declared_on or o.start or date.min) + patience < house.today
        and _active(house, o.party, house.today)
    )
    if stays:
        cards = sum(_active(house, o.party, house.today) for o in stays)
        yield Finding({"people": len(stays), "cards": cards}, stays=stays)


def _visit(look: Look) -> bool:
    return all(o.state is not OccupancyState.DECLARED for o in look.found.stays)


def _dependants(look: Look) -> bool:
    return all(o.basis is Basis.FAMILY for o in look.found.stays)


H5 = Rule(
    RuleId.H5,
    1,
    "有卡的入住人得到对方确认了吗",
    "有 {people} 位有卡的入住人，申报满 {silence_visit} 天还没有得到对方确认。"
    "卡照常有效；房东不回应不是租客的过错。",
    "提醒没有确认的一方。",
    (Key.SILENCE_VISIT,),
    _unconfirmed,
    (
        Guard(GuardName.VISIT_ORDERED, _visit),
        Guard(GuardName.FAMILY, _dependants),
    ),
)


def _never_entering(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    window = limits[Key.NEVER_ENTERING].days
    since = house.today - timedelta(days=window)
    for stay in house.living:
        long = stay.start is None or stay.start <= since
        if stay.state is not OccupancyState.CONFIRMED or not long:
            continue
        cards = house.cards_of(frozenset({stay.party}))
        if not _uses(house, cards, since + timedelta(days=1)):
            yield Finding({"people": 1}, stays=(stay,))


def _no_card(look: Look) -> bool:
    since = look.house.today - timedelta(days=look.limits[Key.NEVER_ENTERING].days)
    return not any(_active(look.house, o.party, since) for o in look.found.stays)


def _basis(*bases: Basis) -> "_Stays":
    return _Stays(frozenset(bases))


class _Stays:
    """Says whether all stays of a finding rest on one of some bases."""

    def __init__(self, bases: frozenset[Basis]) -> None:
        self._bases = bases

    def __call__(self, look: Look) -> bool:
        return all(o.basis in self._bases for o in look.found.stays)


def _away(look: Look) -> bool:
    return all(_excused(o) for o in look.found.stays)


def _excused(stay: Occupancy) -> bool:
    return stay.exemption is not None


def _key_free(look: Look) -> bool:
    return any(door.free for door in look.house.doors.values() if door.own)


H7 = Rule(
    RuleId.H7,
    1,
    "登记居住的人还住在这里吗",
    "有 {people} 位已确认的入住人，{never_entering} 天里没有用卡开过门。"
    "外出、住院或不用卡进出都很常见，这条只用来清理没有注销的登记。",
    "问房东或入住人：是否已经搬走。",
    (Key.NEVER_ENTERING,),
    _never_entering,
    (
        Guard(GuardName.NO_CARD, _no_card),
        Guard(GuardName.SECOND_HOME, _basis(Basis.OWNER, Basis.FAMILY, Basis.GUEST)),
        Guard(GuardName.AWAY, _away),
        Guard(GuardName.KEY_FREE, _key_free),
        EVERY_DOOR,
    ),
)
