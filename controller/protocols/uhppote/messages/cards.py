"""Cards a board stores, and supervisor codes."""

from datetime import date

from controller.protocols.uhppote.codec import Record, at, nested, record
from controller.protocols.uhppote.fields import (
    DATE,
    DOOR,
    FOUR_BITS,
    FOUR_BYTES,
    FOUR_NUMBERS,
    U8,
    U24,
    U32,
    Four,
    FourFlags,
)
from controller.protocols.uhppote.message import (
    Done,
    Function,
    Guarded,
    Reply,
    Request,
    message,
)

NO_CARD = 0
DELETED_CARD = 0xFFFFFFFF
IMPOSSIBLE_CARDS = frozenset({NO_CARD, 0x00FFFFFF, DELETED_CARD})
LARGEST_PIN = 999_999
NEVER, ALWAYS = 0, 1
NO_FIRST_CARD: FourFlags = (False, False, False, False)


@record(20)
class CardRecord(Record):
    """A card: dates inclusive, and for each door NEVER, ALWAYS or a profile (2-254).

    `first` says at which doors it may be the first card; `pin` 0 is none.
    """

    number: int = at(0, U32)
    start: date | None = at(4, DATE)
    end: date | None = at(8, DATE)
    doors: Four = at(12, FOUR_BYTES)
    pin: int = at(16, U24)
    first: FourFlags = at(19, FOUR_BITS)


ABSENT_CARD = CardRecord(NO_CARD, None, None, (0, 0, 0, 0), 0, NO_FIRST_CARD)


def storable(card: CardRecord) -> None:
    """Raise ValueError for a card a board takes but does not keep as it is."""
    if card.number in IMPOSSIBLE_CARDS:
        raise ValueError(f"no card can have number {card.number:#x}")
    if card.start is None or card.end is None:
        raise ValueError("a card needs both its dates")
    if card.start > card.end:
        raise ValueError("a card must not end before it starts")
    if card.pin > LARGEST_PIN:
        raise ValueError(f"a PIN must not be above {LARGEST_PIN}")
    if max(card.doors) > 254:  # noqa: PLR2004  the last profile there can be
        raise ValueError("a door has no profile above 254")


def _codes(codes: Four) -> None:
    if max(codes) > LARGEST_PIN:
        raise ValueError(f"a code must not be above {LARGEST_PIN}")


@message(Function.PUT_CARD)
class PutCard(Request):
    """Store a card, or replace the one with its number."""

    card: CardRecord = at(8, nested(CardRecord), storable)


@message(Function.PUT_CARD)
class PutCardReply(Done):
    """Whether the card is stored; a full board says no."""


@message(Function.DELETE_CARD)
class DeleteCard(Request):
    """Forget a card."""

    number: int = at(8, U32)


@message(Function.DELETE_CARD)
class DeleteCardReply(Done):
    """Whether the card was there and is gone."""


@message(Function.DELETE_CARDS)
class DeleteCards(Guarded):
    """Forget every card."""


@message(Function.DELETE_CARDS)
class DeleteCardsReply(Done):
    """Whether every card is gone."""


@message(Function.COUNT_CARDS)
class CountCards(Request):
    """Ask how many cards are stored."""


@message(Function.COUNT_CARDS)
class CountCardsReply(Reply):
    """How many cards are stored."""

    count: int = at(8, U32)


@message(Function.GET_CARD)
class GetCard(Request):
    """Ask for a card by its number."""

    number: int = at(8, U32)


@message(Function.GET_CARD)
class GetCardReply(Reply):
    """The card, or NO_CARD."""

    card: CardRecord = at(8, nested(CardRecord))


@message(Function.GET_CARD_AT)
class GetCardAt(Request):
    """Ask for a card by its place in the table, from 1."""

    index: int = at(8, U32)


@message(Function.GET_CARD_AT)
class GetCardAtReply(Reply):
    """The card; DELETED_CARD for a place left by one, NO_CARD past the end."""

    card: CardRecord = at(8, nested(CardRecord))


@message(Function.SET_PASSCODES)
class SetPasscodes(Request):
    """Give a door's keypad up to four supervisor codes; 0 is none."""

    door: int = at(8, U8, DOOR)
    codes: Four = at(12, FOUR_NUMBERS, _codes)


@message(Function.SET_PASSCODES)
class SetPasscodesReply(Done):
    """Whether the codes are taken."""
