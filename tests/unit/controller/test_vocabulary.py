import dataclasses

import pytest

import controller
from controller import schedule, vocabulary
from controller.vocabulary import (
    LARGEST_CARD_NUMBER,
    CardNumber,
    Gap,
    Passage,
    Permit,
    Unwatched,
)


@pytest.mark.parametrize("value", [1, 2**32, LARGEST_CARD_NUMBER])
def test_a_card_number_has_64_bits(value: int) -> None:
    assert CardNumber(value).value == value


@pytest.mark.parametrize("value", [0, -1, LARGEST_CARD_NUMBER + 1])
def test_what_no_card_carries_is_refused_without_repeating_it(value: int) -> None:
    with pytest.raises(ValueError, match="card number must be 1 to") as refusal:
        CardNumber(value)
    assert not str(refusal.value).endswith(str(value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(4_400_123_456, "\u20263456"), (7, "\u20260007"), (120_000, "\u20260000")],
)
def test_a_card_shows_four_digits_only(value: int, shown: str) -> None:
    assert str(CardNumber(value)) == shown
    assert f"{CardNumber(value)}" == shown


def test_cards_sort_by_number() -> None:
    cards = [CardNumber(30), CardNumber(4), CardNumber(200)]
    assert [card.value for card in sorted(cards)] == [4, 30, 200]


@pytest.mark.parametrize("kind", [CardNumber, Gap, Passage, Permit, Unwatched])
def test_words_cannot_be_changed(kind: type) -> None:
    assert dataclasses.fields(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined] # set by @dataclass
    assert "__slots__" in vars(kind)


def test_the_package_gives_out_its_vocabulary() -> None:
    assert sorted(controller.__all__) == list(controller.__all__)
    sources = vars(vocabulary) | vars(schedule)
    for name in controller.__all__:
        assert getattr(controller, name) is sources[name]
