"""H1, H2, H11 and H12: what is let, and what was filed and agreed about it."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

from registry.domain.deadlines.arithmetic import add_months
from registry.domain.external_filing import ExternalKind, ExternalState
from registry.domain.filing import PENDING, FilingState, LettingMode
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
)
from registry.domain.occupancy import Basis
from registry.domain.places import UnitUse
from registry.domain.policy.keys import Key
from registry.domain.rights import Contract
from registry.domain.tenancy import Tenancy

FILED = frozenset(
    {FilingState.ACCEPTED, FilingState.DUE_RENEWAL, FilingState.SUSPENDED}
)
OWN = frozenset({Basis.OWNER, Basis.FAMILY})
WORKERS = frozenset({Basis.LIVE_IN_WORKER, Basis.EMPLOYER_PROVIDED})
PARTED = frozenset({LettingMode.ROOM, LettingMode.BED, LettingMode.COLLECTIVE})


def _unregistered(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    stays = tuple(o for o in house.living if o.basis not in {Basis.OWNER, Basis.GUEST})
    begun = [t.start for t in house.running] + [o.start for o in stays if o.start]
    filed = any(f.state in FILED for f in house.filings)
    if house.unit.use is UnitUse.SHOP or filed or not begun:
        return
    days = (house.today - min(begun)).days
    if days >= limits[Key.UNREGISTERED_AFTER].days:
        yield Finding({"days": days, "people": len(stays)}, stays=stays)


def pending(look: Look) -> bool:
    """Say whether a filing waits for the street."""
    return any(f.state in PENDING for f in look.house.filings)


def _owner(look: Look) -> bool:
    lives = any(o.basis is Basis.OWNER for o in look.house.living)
    return lives and not look.house.running


def _family(look: Look) -> bool:
    own = all(o.basis in OWN for o in look.found.stays)
    return own and not look.house.running


def _employer(look: Look) -> bool:
    stays = look.found.stays
    return bool(stays) and all(o.basis in WORKERS for o in stays)


def _new_owner(look: Look) -> bool:
    grace = timedelta(days=look.limits[Key.TRANSFER_GRACE].days)
    since = look.house.today - grace
    return any(since <= r.start <= look.house.today for r in look.house.rights)


H1 = Rule(
    RuleId.H1,
    1,
    "在出租却没有备案吗",
    "本套登记有人居住或有租约已 {days} 天，却没有有效的出租屋备案"
    "（满 {unregistered_after} 天才提示）。",
    "写信给房东：办理备案，或一键申报“没有出租”。",
    (Key.UNREGISTERED_AFTER, Key.TRANSFER_GRACE),
    _unregistered,
    (
        Guard(GuardName.PENDING, pending),
        Guard(GuardName.OWNER_LIVES_HERE, _owner),
        Guard(GuardName.FAMILY, _family),
        Guard(GuardName.EMPLOYER_HOUSING, _employer),
        Guard(GuardName.NEW_OWNER, _new_owner),
    ),
)


def _states(house: HouseInputs, tenancy: Tenancy) -> set[ExternalState]:
    return {
        e.state
        for e in house.elsewhere
        if e.kind is ExternalKind.CONTRACT_FILING and e.tenancy == tenancy.id
    }


def _contract(house: HouseInputs, tenancy: Tenancy) -> Contract | None:
    return next((c for c in house.contracts if c.id == tenancy.contract), None)


def _unfiled(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    for tenancy in house.running:
        contract = _contract(house, tenancy)
        since = tenancy.start if contract is None else contract.signed_on
        days = (house.today - since).days
        granted = ExternalState.GRANTED in _states(house, tenancy)
        if days > limits[Key.LEASE_FILING].days and not granted:
            yield Finding({"days": days}, tenancy)


def _elsewhere(state: ExternalState) -> Guard:
    def excuses(look: Look) -> bool:
        tenancy = look.found.tenancy
        return tenancy is not None and state in _states(look.house, tenancy)

    named = {
        ExternalState.SUBMITTED: GuardName.PENDING,
        ExternalState.EXEMPT: GuardName.EXEMPT,
    }
    return Guard(named[state], excuses)


def _short_oral(look: Look) -> bool:
    tenancy = look.found.tenancy
    if tenancy is None or tenancy.contract is not None:
        return False
    written = add_months(tenancy.start, look.limits[Key.WRITTEN_LEASE_FROM].amount)
    return tenancy.end is None or tenancy.end < written


H2 = Rule(
    RuleId.H2,
    1,
    "租赁合同备案了吗",
    "租约开始或签订已 {days} 天，登记库里没有住建部门的合同备案回执"
    "（期限 {lease_filing} 天）。本系统不推断其他部门的结果。",
    "提醒房东办理，或登记已有的回执。",
    (Key.LEASE_FILING, Key.WRITTEN_LEASE_FROM),
    _unfiled,
    (
        _elsewhere(ExternalState.SUBMITTED),
        _elsewhere(ExternalState.EXEMPT),
        Guard(GuardName.SHORT_ORAL_LEASE, _short_oral),
    ),
)


def _double(
    house: HouseInputs,
    limits: Limits,  # noqa: ARG001 - every check takes them
) -> Iterator[Finding]:
    for one, other in combinations(house.running, 2):
        if one.room is None or other.room is None or one.room == other.room:
            pair = (_contract(house, one), _contract(house, other))
            contracts = tuple(c for c in pair if c is not None)
            start = max(one.start, other.start).isoformat()
            numbers: Numbers = {"claims": 2, "since": start}
            yield Finding(numbers, one, contracts=contracts, about=other.id)


def _by_room(look: Look) -> bool:
    return any(f.live and f.mode in PARTED for f in look.house.filings)


def _succession(look: Look) -> bool:
    one = look.found.tenancy
    other = next(t for t in look.house.tenancies if t.id == look.found.about)
    if one is None:
        return False
    return one.renewed_by == other.id or other.renewed_by == one.id


def _under(look: Look) -> bool:
    ids = {c.id for c in look.found.contracts}
    return any(c.parent in ids for c in look.found.contracts)


H11 = Rule(
    RuleId.H11,
    1,
    "同一套房有两份互相排斥的租约吗",
    "本套有 {claims} 份租约同时主张整套或同一房间，自 {since} 起重叠。",
    "由窗口核对：先合法占有，再看备案，再看合同先后（司法解释第五条）。",
    (),
    _double,
    (
        Guard(GuardName.BY_ROOM, _by_room),
        Guard(GuardName.SUBLET, _under),
        Guard(GuardName.RENEWED, _succession),
    ),
)


def _lapsed(
    house: HouseInputs,
    limits: Limits,  # noqa: ARG001 - every check takes them
) -> Iterator[Finding]:
    heads = {c.id: c for c in house.contracts}
    for contract in house.contracts:
        head = heads.get(contract.parent or "")
        if head is None or head.end is None or not _holds(contract, house.today):
            continue
        if contract.end is None or contract.end > head.end:
            last = contract.end.isoformat() if contract.end else "不定期"
            numbers = {"end": last, "allowed": head.end.isoformat()}
            yield Finding(numbers, contracts=(contract,))
    held = any(right.holds(house.today) for right in house.rights)
    ends = [right.end for right in house.rights if right.end is not None]
    if house.running and ends and not held:
        until = house.running[0].until
        shown = until.isoformat() if until else "不定期"
        yield Finding({"end": shown, "allowed": max(ends).isoformat()})


def _holds(contract: Contract, day: date) -> bool:
    return contract.start <= day and (contract.end is None or day < contract.end)


def _silent_owner(look: Look) -> bool:
    months = look.limits[Key.SUBLET_SILENCE].amount
    signed = [c.signed_on for c in look.found.contracts]
    today = look.house.today
    return bool(signed) and all(add_months(day, months) <= today for day in signed)


H12 = Rule(
    RuleId.H12,
    1,
    "转租或租约超出了出租人的权利期限吗",
    "租约到 {end}，而出租人的权利只到 {allowed}。",
    "通知双方；由出租人补交续期或业主同意的凭证。",
    (Key.SUBLET_SILENCE,),
    _lapsed,
    (
        Guard(GuardName.OWNER_CONSENT, _silent_owner),
        Guard(GuardName.PENDING, pending),
    ),
)
