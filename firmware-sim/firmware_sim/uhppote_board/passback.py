"""Anti-passback: whoever went in by some doors may next only go out by others."""

from collections.abc import Mapping

from controller.protocols.uhppote.messages.doors import AntiPassback

Sides = tuple[frozenset[int], frozenset[int]]


def _sides(ins: str, outs: str) -> Sides:
    return frozenset(map(int, ins)), frozenset(map(int, outs))


SIDES: Mapping[int, tuple[Sides, ...]] = {
    AntiPassback.OFF: (),
    AntiPassback.PAIRS: (_sides("1", "2"), _sides("3", "4")),
    AntiPassback.TWO_AND_TWO: (_sides("13", "24"),),
    AntiPassback.ONE_AND_TWO: (_sides("1", "23"),),
    AntiPassback.ONE_AND_THREE: (_sides("1", "234"),),
}
"""For each mode the groups of doors on one side and on the other."""


class PassbackLedger:
    """Which doors each card may not take next; forgotten with the power."""

    def __init__(self) -> None:
        self._barred: dict[int, frozenset[int]] = {}

    def allows(self, card: int, door: int) -> bool:
        """Say whether a card may take a door."""
        return door not in self._barred.get(card, frozenset())

    def passed(self, mode: int, card: int, door: int) -> None:
        """Note that a card took a door: its side is barred, the other is free."""
        barred = self._barred.get(card, frozenset())
        for sides in SIDES.get(mode, ()):
            for here, there in (sides, sides[::-1]):
                if door in here:
                    barred = (barred - there) | here
        if barred:
            self._barred[card] = barred

    def forget(self) -> None:
        """Let every card go anywhere."""
        self._barred.clear()
