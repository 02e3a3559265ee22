import pytest

from firmware_sim.faults import NO_FAULTS, WireFaults, disturb, flip
from firmware_sim.plan import dice

DATA = bytes(range(40))


def pieces(faults: WireFaults, rounds: int = 400) -> list[list[tuple[float, bytes]]]:
    chance = dice(3, "faults")
    return [list(disturb(DATA, faults, chance)) for _ in range(rounds)]


def test_without_faults_everything_passes_at_once() -> None:
    assert pieces(NO_FAULTS, 5) == [[(0.0, DATA)]] * 5


def test_drops_are_as_frequent_as_asked() -> None:
    lost = sum(not parts for parts in pieces(WireFaults(drop=0.25)))
    assert 60 < lost < 140


def test_corruption_changes_one_bit() -> None:
    for parts in pieces(WireFaults(corrupt=1.0), 50):
        ((pause, data),) = parts
        changed = [a ^ b for a, b in zip(DATA, data, strict=True) if a != b]
        assert pause == 0
        assert len(changed) == 1
        assert changed[0].bit_count() == 1


def test_a_split_loses_nothing() -> None:
    torn = pieces(WireFaults(split=1.0, delay=0.1), 100)
    assert all(b"".join(data for _, data in parts) == DATA for parts in torn)
    assert sum(len(parts) == 2 for parts in torn) > 80
    assert {parts[-1][0] for parts in torn if len(parts) == 2} == {0.1}


def test_a_late_transmission_waits() -> None:
    assert pieces(WireFaults(late=1.0, delay=0.4), 3) == [[(0.4, DATA)]] * 3


@pytest.mark.parametrize("field", ["drop", "corrupt", "split", "late", "delay"])
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_shares_outside_nothing_and_all_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{field} must be 0 to 1"):
        WireFaults(**{field: value})


def test_flip_turns_bits_of_one_byte() -> None:
    assert flip(b"\x00\x00\x00", 1, 0x81) == b"\x00\x81\x00"
