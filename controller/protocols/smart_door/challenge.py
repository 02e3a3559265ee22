"""The nonce that one remote opening needs: fresh, the door's own, used once."""

import hmac
from collections.abc import Callable

from controller.protocols.smart_door.formats import NONCE_SIZE
from controller.protocols.smart_door.messages import Challenge, Open

LIFE = 5.0


class Challenges:
    """At most one nonce is out at a time."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._issued: Challenge | None = None
        self._until = 0.0
        self._used: int | None = None

    def clear(self) -> None:
        """Forget what was issued under an earlier connection."""
        self._issued = self._used = None

    def issue(self, command: int, now: float) -> Challenge:
        """Return a nonce; a repeated request gets the same one, its life unchanged."""
        if self._issued and self._issued.command == command and now <= self._until:
            return self._issued
        self._issued = Challenge(command, self._random(NONCE_SIZE))
        self._until = now + LIFE
        return self._issued

    def repeated(self, order: Open) -> bool:
        """Say whether the door has already opened for this very command."""
        return order.command == self._used

    def redeem(self, order: Open, now: float) -> bool:
        """Use up the nonce; say whether it was the right one and in time."""
        issued, self._issued = self._issued, None
        if issued is None or now > self._until or issued.command != order.command:
            return False
        if not hmac.compare_digest(issued.nonce, order.nonce):
            return False
        self._used = order.command
        return True
