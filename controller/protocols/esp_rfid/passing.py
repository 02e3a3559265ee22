"""What the device says of a card, in our words."""

from collections.abc import Mapping
from datetime import UTC, datetime

from controller.protocols.esp_rfid.messages import Access, Passing, User
from controller.protocols.esp_rfid.users import card_of, is_ours, permit_of
from controller.session import PassageSeen
from controller.vocabulary import ControllerId, Direction, Reason

EARLIEST = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
"""Seconds: a clock that says less was never set."""
BY_COMMAND, BY_BUTTON = "MQTT", "Button"
NOBODY: Mapping[str, Reason] = {
    BY_COMMAND: Reason.REMOTE_OPEN,
    BY_BUTTON: Reason.EXIT_REQUEST,
}
"""Who opens without a card, by the name the device gives."""
REFUSALS: Mapping[Access, Reason] = {
    Access.DISABLED: Reason.OUTSIDE_HOURS,
    Access.EXPIRED: Reason.ENDED,
}


def is_plausible(time: int) -> bool:
    """Say whether the device's clock was set."""
    return time >= EARLIEST


def passage_of(
    controller: ControllerId, passing: Passing, user: User | None
) -> PassageSeen:
    """Return what was seen; `user` is the device's entry for the card, if known.

    What the device calls expired may also lie in the future; what it calls disabled
    is, for a user of ours, the device's own opening hours.
    """
    plausible = is_plausible(passing.time)
    card = card_of(passing.uid)
    ours = user is not None and is_ours(user)
    if passing.granted:
        nobody = NOBODY.get(passing.username) if card is None else None
        reason = nobody or Reason.PERMIT
    elif card is None:
        reason = Reason.UNREADABLE_CARD
    elif user is None or not ours:
        reason = REFUSALS.get(passing.access[0], Reason.UNKNOWN_CARD)
        if reason is Reason.OUTSIDE_HOURS:
            reason = Reason.UNKNOWN_CARD
    elif passing.access[0] is Access.EXPIRED and passing.time < user.since:
        reason = Reason.NOT_YET_VALID
    else:
        reason = REFUSALS.get(passing.access[0], Reason.UNKNOWN_CARD)
    return PassageSeen(
        controller,
        passing.granted,
        reason,
        card,
        permit_of(passing.username) if card is not None else None,
        Direction.EXIT if reason is Reason.EXIT_REQUEST else Direction.ENTRY,
        datetime.fromtimestamp(passing.time, UTC) if plausible else None,
    )
