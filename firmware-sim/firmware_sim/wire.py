"""One pair of RS-485 wires: bytes take their time, and two at once are garbage."""

from dataclasses import dataclass
from random import Random

from firmware_sim.faults import NO_FAULTS, disturb

BITS_PER_BYTE = 10
"""A start bit, eight bits, a stop bit."""
_GARBLED = 0xFF


@dataclass(slots=True)
class Transmission:
    """Bytes on the wire; they are heard when the last one has passed."""

    talker: str
    start: float
    end: float
    data: bytearray


class Wire:
    """A half-duplex wire in anybody's time: `now` is seconds from any start."""

    def __init__(self, baud: int, dice: Random) -> None:
        """Take the speed in bits per second; 0 is a wire that takes no time."""
        self._byte_time = BITS_PER_BYTE / baud if baud else 0.0
        self._dice = dice
        self._air: list[Transmission] = []
        self.faults = NO_FAULTS
        self.collisions = 0

    def transmit(self, talker: str, data: bytes, now: float) -> None:
        """Begin to send, after what the same talker is still sending."""
        for pause, piece in disturb(data, self.faults, self._dice):
            busy = (t.end for t in self._air if t.talker == talker)
            start = max((now, *busy)) + pause
            end = start + len(piece) * self._byte_time
            sent = Transmission(talker, start, end, bytearray(piece))
            for other in self._air:
                if other.talker != talker and other.end > start and end > other.start:
                    self._collide(other, sent)
            self._air.append(sent)

    def arrivals(self, now: float) -> list[Transmission]:
        """Return what has passed completely by now, in order of its end."""
        heard = [sent for sent in self._air if sent.end <= now]
        self._air = [sent for sent in self._air if sent.end > now]
        return sorted(heard, key=lambda sent: sent.end)

    def deadline(self) -> float | None:
        """Return when the next bytes will have passed."""
        return min((sent.end for sent in self._air), default=None)

    def _collide(self, first: Transmission, second: Transmission) -> None:
        """Garble the bytes during which both talked."""
        self.collisions += 1
        start = max(first.start, second.start)
        end = min(first.end, second.end)
        for sent in (first, second):
            for place in range(len(sent.data)):
                begins = sent.start + place * self._byte_time
                if begins < end and begins + self._byte_time > start:
                    sent.data[place] ^= _GARBLED
