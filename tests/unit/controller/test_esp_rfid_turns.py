"""Devices of one topic read their lists one after the other, whatever they do."""

from hypothesis import given
from hypothesis import strategies as st

from controller.protocols.esp_rfid.turns import Turns


class Device:
    """Somebody who waits, and when it was given a turn."""

    def __init__(self) -> None:
        self.turns: list[float] = []

    def turn(self, now: float) -> None:
        """Note a turn."""
        self.turns.append(now)


class Hasty:
    """A device whose turn is over the moment it begins."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.count = 0

    def turn(self, now: float) -> None:
        """Take a turn and leave at once."""
        self.count += 1
        self._turns.leave(self, now)


def test_whoever_comes_first_begins_at_once_and_the_others_in_order() -> None:
    turns, devices = Turns(), [Device() for _ in range(3)]
    for at, device in enumerate(devices):
        turns.ask(device, float(at))
    assert [device.turns for device in devices] == [[0.0], [], []]
    turns.leave(devices[0], 5.0)
    turns.leave(devices[1], 6.0)
    turns.leave(devices[2], 7.0)
    assert [device.turns for device in devices] == [[0.0], [5.0], [6.0]]
    assert turns.holder is None


def test_asking_twice_gives_no_second_turn() -> None:
    turns, first, second = Turns(), Device(), Device()
    for device in (first, first, second, second):
        turns.ask(device, 0.0)
    turns.leave(first, 1.0)
    turns.leave(second, 2.0)
    assert (first.turns, second.turns) == ([0.0], [1.0])


def test_a_turn_that_ends_at_once_keeps_nobody_waiting() -> None:
    turns, first, last = Turns(), Device(), Device()
    hasty = Hasty(turns)
    for device in (first, hasty, last):
        turns.ask(device, 0.0)
    turns.leave(first, 1.0)
    assert hasty.count == 1
    assert last.turns == [1.0]
    assert turns.holder is last


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=40))
def test_one_device_has_the_turn_and_no_one_waits_while_nobody_has_it(
    steps: list[tuple[bool, int]],
) -> None:
    turns, devices = Turns(), [Device() for _ in range(4)]
    order: list[Device] = []
    given_turns = 0
    for at, (asks, number) in enumerate(steps):
        device, before = devices[number], order[:1]
        if asks:
            turns.ask(device, float(at))
            if device not in order:
                order.append(device)
        else:
            turns.leave(device, float(at))
            if device in order:
                order.remove(device)
        assert turns.holder is (order[0] if order else None)
        if order and order[:1] != before:
            given_turns += 1
            assert order[0].turns[-1] == float(at)
        assert sum(len(each.turns) for each in devices) == given_turns
