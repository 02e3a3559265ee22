"""H6, H8 and H14: how many live there, under whose name, and what is due for them."""

from collections.abc import Iterator
from datetime import timedelta

from registry.domain.external_filing import ExternalKind, ExternalState
from registry.domain.house_rules.inputs import HouseInputs
from registry.domain.house_rules.rule import (
    Finding,
    Guard,
    GuardName,
    Limits,
    Look,
    Rule,
    RuleId,
)
from registry.domain.occupancy import Basis
from registry.domain.places import RoomKind
from registry.domain.policy.keys import Key


def capacity(house: HouseInputs, limits: Limits) -> int | None:
    """Return how many may live in a unit; None where nobody can say."""
    each = limits.enforced(Key.MIN_AREA_PER_PERSON)
    in_room = limits.enforced(Key.MAX_PER_ROOM)
    rooms = sum(room.kind is RoomKind.LIVING for room in house.rooms)
    bounds = []
    if each and house.unit.area is not None:
        bounds.append(int(house.unit.area // each))
    if in_room and rooms:
        bounds.append(rooms * in_room)
    return min(bounds, default=None)


def _crowded(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    most, people = capacity(house, limits), len(house.living)
    if most is not None and people > most:
        yield Finding({"people": people, "capacity": most}, stays=house.living)


def _without(look: Look, bases: frozenset[Basis]) -> bool:
    """Say whether it is not too many without those who live there on a basis."""
    most = capacity(look.house, look.limits) or 0
    return sum(o.basis not in bases for o in look.found.stays) <= most


def _household(look: Look) -> bool:
    return _without(look, frozenset({Basis.FAMILY}))


def _guests(look: Look) -> bool:
    guests = sum(o.basis is Basis.GUEST for o in look.found.stays)
    few = guests <= look.limits[Key.GUESTS_ALLOWED].amount
    return few and _without(look, frozenset({Basis.GUEST}))


H6 = Rule(
    RuleId.H6,
    1,
    "登记的人数超过房屋容量了吗",
    "登记居住 {people} 人，按面积和房间容量是 {capacity} 人。"
    "只看登记，不看门禁记录；有赡养、抚养关系的家庭成员不计。",
    "安排一次安全走访，不是处罚。",
    (Key.MIN_AREA_PER_PERSON, Key.MAX_PER_ROOM, Key.GUESTS_ALLOWED),
    _crowded,
    (Guard(GuardName.FAMILY, _household), Guard(GuardName.GUESTS, _guests)),
)


def _others_live_there(
    house: HouseInputs,
    limits: Limits,  # noqa: ARG001 - every check takes them
) -> Iterator[Finding]:
    present = {o.party for o in house.living}
    others = tuple(o for o in house.living if o.basis is not Basis.OWNER)
    for contract in house.contracts:
        held = contract.start <= house.today and (
            contract.end is None or house.today < contract.end
        )
        if held and others and contract.tenant not in present:
            yield Finding({"people": len(others)}, stays=others, contracts=(contract,))


def _sublet(look: Look) -> bool:
    heads = {c.id for c in look.found.contracts}
    return any(c.parent in heads for c in look.house.contracts)


def _company(look: Look) -> bool:
    return all(c.tenant in look.house.organisations for c in look.found.contracts)


def _relatives(look: Look) -> bool:
    return all(o.basis is Basis.FAMILY for o in look.found.stays)


H8 = Rule(
    RuleId.H8,
    1,
    "签约的人和居住的人一致吗",
    "租约上的承租方没有登记居住，登记居住的是另外 {people} 人。",
    "请双方补登转租，或更新入住人。",
    (),
    _others_live_there,
    (
        Guard(GuardName.SUBLET, _sublet),
        Guard(GuardName.COMPANY_LEASE, _company),
        Guard(GuardName.FAMILY, _relatives),
    ),
)


def _foreigner_due(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    """Go by duties on record alone: no nationality is kept or read here."""
    stays = {o.id: o for o in house.occupancies}
    day = timedelta(days=-(-limits[Key.FOREIGNER_REPORT].amount // 24))
    for filing in house.elsewhere:
        stay = stays.get(filing.occupancy or "")
        done = filing.state is ExternalState.GRANTED
        other = filing.kind is not ExternalKind.FOREIGNER_REGISTRATION
        if stay is None or stay.start is None or done or other:
            continue
        if house.today > (filing.due or stay.start + day):
            yield Finding(
                {"start": stay.start.isoformat()}, stays=(stay,), about=filing.id
            )


def _filing_is(state: ExternalState) -> "_FilingIs":
    return _FilingIs(state)


class _FilingIs:
    """Says whether the filing a finding is about is in a state."""

    def __init__(self, state: ExternalState) -> None:
        self._state = state

    def __call__(self, look: Look) -> bool:
        return any(
            f.id == look.found.about and f.state is self._state
            for f in look.house.elsewhere
        )


def _exempt(look: Look) -> bool:
    stated = any(o.exemption is not None for o in look.found.stays)
    return stated or _FilingIs(ExternalState.EXEMPT)(look)


def _left(look: Look) -> bool:
    return not any(o.holds(look.house.today) for o in look.found.stays)


H14 = Rule(
    RuleId.H14,
    1,
    "境外人员住宿登记有回执了吗",
    "入住日 {start} 起满 {foreigner_report} 小时，还没有住宿登记的回执。",
    "立即提醒本人和留宿的一方。",
    (Key.FOREIGNER_REPORT,),
    _foreigner_due,
    (
        Guard(GuardName.PENDING, _filing_is(ExternalState.SUBMITTED)),
        Guard(GuardName.EXEMPT, _exempt),
        Guard(GuardName.LEFT, _left),
    ),
)
