"""What goes wrong on a wire: bytes lost, changed, torn apart or late."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from random import Random


@dataclass(frozen=True, slots=True)
class WireFaults:
    """How often a transmission suffers each fault, from 0 to 1; delay in seconds."""

    drop: float = 0.0
    corrupt: float = 0.0
    split: float = 0.0
    late: float = 0.0
    delay: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what is no share of transmissions."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= 1:
                raise ValueError(f"{field.name} must be 0 to 1, not {value}")


NO_FAULTS = WireFaults()


def disturb(
    data: bytes, faults: WireFaults, dice: Random
) -> Iterator[tuple[float, bytes]]:
    """Yield what is left of a transmission: pieces and the pause before each."""
    if faults == NO_FAULTS:
        yield 0.0, data
        return
    if dice.random() < faults.drop:
        return
    pause = faults.delay if dice.random() < faults.late else 0.0
    if dice.random() < faults.corrupt:
        data = flip(data, dice.randrange(len(data)), 1 << dice.randrange(8))
    cut = dice.randrange(len(data)) if dice.random() < faults.split else 0
    if cut:
        yield pause, data[:cut]
        pause = faults.delay
    yield pause, data[cut:]


def flip(data: bytes, place: int, bits: int) -> bytes:
    """Return data with some bits of one byte turned over."""
    return data[:place] + bytes((data[place] ^ bits,)) + data[place + 1 :]
