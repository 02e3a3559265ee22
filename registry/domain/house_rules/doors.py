"""Guards that look at the doors a finding rests on, and H15, which is about them."""

from collections.abc import Callable, Iterator

from registry.domain.house_rules.inputs import DoorCondition, HouseInputs
from registry.domain.house_rules.rule import (
    Finding,
    Guard,
    GuardName,
    Limits,
    Look,
    Rule,
    RuleId,
)
from registry.domain.policy.keys import Key


def reliable(door: DoorCondition, limits: Limits) -> bool:
    """Say whether a door was online enough."""
    return door.online >= limits[Key.DOOR_ONLINE_LEAST].amount


def synced(door: DoorCondition, limits: Limits) -> bool:
    """Say whether a door's clock was right enough."""
    return abs(door.skew) <= limits[Key.CLOCK_SKEW_MOST].amount


def _too_few(good: Callable[[DoorCondition, Limits], bool]) -> Callable[[Look], bool]:
    def excuses(look: Look) -> bool:
        """Say whether too few days are left without doors that are not good."""
        doors = look.house.doors
        days = {
            day
            for day, door in look.found.uses
            if good(doors.get(door, UNHEARD), look.limits)
        }
        return len(days) < look.found.needed

    return excuses


UNHEARD = DoorCondition(online=0)
CLOCK = Guard(GuardName.CLOCK_UNSYNCED, _too_few(synced))
DOOR = Guard(GuardName.DOOR_UNRELIABLE, _too_few(reliable))


def _any_unreliable(look: Look) -> bool:
    own = [door for door in look.house.doors.values() if door.own]
    return not own or not all(
        reliable(door, look.limits) and synced(door, look.limits) for door in own
    )


EVERY_DOOR = Guard(GuardName.DOOR_UNRELIABLE, _any_unreliable)
"""For rules about what was not seen: every door must have been watched."""


def _data_quality(house: HouseInputs, limits: Limits) -> Iterator[Finding]:
    own = [door for door in house.doors.values() if door.own]
    offline = [door for door in own if not reliable(door, limits)]
    wrong = [door for door in own if not synced(door, limits)]
    if offline or wrong:
        yield Finding(
            {
                "doors": len(own),
                "offline": len(offline),
                "clocks": len(wrong),
                "online": min(door.online for door in own),
            }
        )


H15 = Rule(
    RuleId.H15,
    1,
    "门禁数据可靠吗",
    "本楼 {doors} 扇门里，{offline} 扇在线率不足 {door_online_least}%，"
    "{clocks} 扇时钟误差超过 {clock_skew_most} 秒。修好之前，"
    "这些门的记录不用来提出别的问题。",
    "检修门禁设备；住户不用做任何事。",
    (Key.DOOR_ONLINE_LEAST, Key.CLOCK_SKEW_MOST),
    _data_quality,
    of_house=True,
)
