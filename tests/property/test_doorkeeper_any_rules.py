"""Whatever the rules say: people get out, and nobody gets in without a permit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.cbor import pack, unpack
from controller.door_rules import DoorMode, RuleBook
from controller.doorkeeping.keeper import Doorkeeper
from controller.doorkeeping.rulings import Moment, Ruling
from controller.vocabulary import CardNumber, Decision, Direction, DoorId, Reason
from tests.support.porch import NOON
from tests.support.strategies import FEW_CARDS, FEW_DOORS, door_rules

UNLOCK = 5.0
PERMITTED = FEW_CARDS[:3]


@st.composite
def books(draw: st.DrawFn) -> RuleBook:
    """Return rules that speak of few doors, areas and cards, so that they meet."""
    rules = []
    for door in draw(st.sets(st.sampled_from(FEW_DOORS), min_size=1)):
        drawn = draw(door_rules())
        others = [other for other in FEW_DOORS if other != door]
        passback, first = drawn.anti_passback, drawn.first_card
        rules.append(
            replace(
                drawn,
                door=door,
                interlock=tuple(draw(st.lists(st.sampled_from(others), max_size=2))),
                anti_passback=passback and replace(passback, area="area"),
                first_card=first and replace(first, holders=frozenset(FEW_CARDS[:1])),
            )
        )
    return RuleBook(doors=tuple(rules))


@dataclass(frozen=True)
class Deed:
    """Something somebody does at a door, a while after what was before."""

    pause: float
    what: str
    door: DoorId
    card: CardNumber | None
    keys: str


deeds = st.builds(
    Deed,
    st.sampled_from([0.0, 1.0, 5.0, 12.0, 3600.0, 90_000.0]),
    st.sampled_from(["card", "keys", "exit", "order", "contact", "time"]),
    st.sampled_from(FEW_DOORS),
    st.none() | st.sampled_from(FEW_CARDS),
    st.text(max_size=12),
)


def decide(_door: DoorId, card: CardNumber, _now: datetime) -> Decision:
    if card in PERMITTED:
        return Decision(True, Reason.PERMIT)
    return Decision(False, Reason.UNKNOWN_CARD)


def do(keeper: Doorkeeper, deed: Deed, at: Moment) -> Sequence[Ruling]:
    door = deed.door
    match deed.what:
        case "card":
            return keeper.card(door, deed.card, at)
        case "keys":
            return keeper.keys(door, deed.keys, at)
        case "exit":
            (out,) = keeper.exit(door, at)
            assert out.opens
            return [out]
        case "order":
            return [keeper.order(door, at)]
        case "contact":
            keeper.contact(door, opened=deed.card is None)
    return keeper.on_timeout(at)


@given(books(), st.lists(deeds, max_size=30))
@settings(max_examples=100, deadline=None)
def test_who_gets_in_had_a_permit_or_an_unlocked_door(
    book: RuleBook, life: list[Deed]
) -> None:
    keeper, seconds = Doorkeeper(decide, dict.fromkeys(FEW_DOORS, UNLOCK)), 0.0
    keeper.follow(book)
    for deed in life:
        seconds += deed.pause
        at = Moment(NOON + timedelta(seconds=seconds), seconds)
        mode = {door: keeper.mode(door, at.wall) for door in FEW_DOORS}
        for ruling in do(keeper, deed, at):
            assert ruling.verdicts or ruling.wanted
            for verdict in ruling.verdicts:
                why, outward = verdict.decision, verdict.direction is Direction.EXIT
                if not why.granted or why.reason is Reason.REMOTE_OPEN:
                    continue
                if why.reason is Reason.FREE_PASSAGE:
                    assert mode[ruling.door] is DoorMode.UNLOCKED
                elif why.reason is not Reason.EXIT_REQUEST:
                    assert verdict.card in PERMITTED
                    assert outward or mode[ruling.door] is DoorMode.CONTROLLED
    assert len(keeper._entries) + len(keeper._companies) <= 2 * len(FEW_DOORS)
    # What is kept of it says the same afterwards.
    again = Doorkeeper(decide, {})
    again.follow(book)
    again.first_cards.restore(unpack(pack(keeper.first_cards.row()), 10_000))
    for door in FEW_DOORS:
        assert again.mode(door, at_end(seconds)) is keeper.mode(door, at_end(seconds))


def at_end(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@given(books(), st.sampled_from(FEW_DOORS), st.integers(0, 7 * 86_400))
@settings(max_examples=50, deadline=None)
def test_a_door_is_unlocked_for_just_as_long_as_it_says(
    book: RuleBook, door: DoorId, second: int
) -> None:
    keeper, now = Doorkeeper(decide, {}), NOON + timedelta(seconds=second)
    keeper.follow(book)
    lasts = keeper.unlocked_for(door, now, 600.0)
    modes = [
        keeper.mode(door, now + timedelta(seconds=each)) is DoorMode.UNLOCKED
        for each in range(0, 660, 30)
    ]
    for each, unlocked in zip(range(0, 660, 30), modes, strict=True):
        if each < lasts:
            assert unlocked
    if lasts < 600.0:
        assert (
            keeper.mode(door, now + timedelta(seconds=lasts)) is not DoorMode.UNLOCKED
        )
