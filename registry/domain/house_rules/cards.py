"""H9 and H10: a card that ended, and one that was at two places too fast."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from registry.domain.credential import CredentialState
from registry.domain.house_rules.doors import UNHEARD, reliable, synced
from registry.domain.house_rules.inputs import DoorCondition, HouseInputs, Jump
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
from registry.domain.policy.keys import Key

GONE = frozenset(
    {CredentialState.SUSPENDED, CredentialState.LOST, CredentialState.CANCELLED}
)


def _ended_card(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    since = house.today - timedelta(days=limits[Key.VACANT_WINDOW].days - 1)
    for card in house.cards:
        if card.state not in GONE or card.ended_on is None:
            continue
        uses = frozenset(
            (use.day, use.door)
            for use in house.days
            if use.credential == card.credential
            and max(since, card.ended_on) <= use.day <= house.today
            and (use.refused or use.day > card.ended_on)
        )
        if uses:
            days = {day for day, _ in uses}
            numbers: Numbers = {"days": len(days), "last": max(days).isoformat()}
            yield Finding(numbers, uses=uses, about=card.ended_on.isoformat())


def _propagating(look: Look) -> bool:
    doors, ended = look.house.doors, look.found.about
    return all(
        day.isoformat() == ended or not doors.get(door, UNHEARD).delivered
        for day, door in look.found.uses
    )


H9 = Rule(
    RuleId.H9,
    1,
    "注销或挂失的卡又被刷过吗",
    "一张已注销或挂失的卡在 {days} 天里又被刷过，最近一次在 {last}。"
    "是旧卡还是复制卡，记录看不出来。",
    "通知原持卡人；门没有因此打开的，不用做别的。",
    (Key.VACANT_WINDOW,),
    _ended_card,
    (Guard(GuardName.PROPAGATION, _propagating),),
)


def too_fast(house: HouseInputs, limits: Limits) -> dict[int, list[Jump]]:
    """Return by card the changes of place that were faster than anybody travels."""
    least, found = limits[Key.TRAVEL_LEAST].amount, dict[int, list[Jump]]()
    for jump in house.jumps:
        if jump.seconds < least:
            found.setdefault(jump.credential, []).append(jump)
    return found


def _two_places(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    needed = limits[Key.TRAVEL_DAYS].amount
    for credential, jumps in too_fast(house, limits).items():
        days = {jump.day for jump in jumps}
        if len(days) >= needed:
            numbers = {"days": len(days), "seconds": min(j.seconds for j in jumps)}
            yield Finding(numbers, needed=needed, about=str(credential))


def _left_over(look: Look, jumps: Iterable[Jump]) -> bool:
    """Say whether too few days are left."""
    return len({jump.day for jump in jumps}) < look.found.needed


def _jumps(look: Look) -> list[tuple[Jump, DoorCondition, DoorCondition]]:
    doors = look.house.doors
    return [
        (j, doors.get(j.from_door, UNHEARD), doors.get(j.to_door, UNHEARD))
        for j in too_fast(look.house, look.limits)[int(look.found.about)]
    ]


def _adjacent(look: Look) -> bool:
    return _left_over(look, [j for j, a, b in _jumps(look) if a.grid != b.grid])


def _clocks(look: Look) -> bool:
    limits = look.limits
    both = [j for j, a, b in _jumps(look) if synced(a, limits) and synced(b, limits)]
    return _left_over(look, both)


def _unreliable(look: Look) -> bool:
    limits = look.limits
    both = [
        j for j, a, b in _jumps(look) if reliable(a, limits) and reliable(b, limits)
    ]
    return _left_over(look, both)


H10 = Rule(
    RuleId.H10,
    1,
    "同一张卡先后出现得太快吗",
    "一张卡在 {days} 天里，{travel_least} 秒以内先后在两处不相邻的楼门刷过"
    "（最短 {seconds} 秒）。可能是借用或复制，不说明谁做了什么。",
    "建议换发一张不易复制的卡。",
    (Key.TRAVEL_LEAST, Key.TRAVEL_DAYS),
    _two_places,
    (
        Guard(GuardName.ADJACENT_DOORS, _adjacent),
        Guard(GuardName.CLOCK_UNSYNCED, _clocks),
        Guard(GuardName.DOOR_UNRELIABLE, _unreliable),
    ),
)
