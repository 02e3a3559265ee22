"""PINs of cards: taken once, kept only as what they are checked against."""

import secrets
from collections.abc import Callable
from datetime import datetime

from controller.door_rules import (
    LONGEST_PIN,
    SALT_SIZE,
    SHORTEST_PIN,
    CardPin,
    pin_for,
)
from controller.vocabulary import CardNumber
from registry.audit.trail import Action, Deed, record
from registry.domain.credential import Credential
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.registration import missing
from registry.domain.responsibility import Responsible
from registry.persistence.unit_of_work import UnitOfWork


class CardPins:
    """Gives cards a PIN and takes it away."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Take times from a clock."""
        self._clock = clock

    def set_pin(
        self, uow: UnitOfWork, card: int, pin: str, responsible: Responsible
    ) -> None:
        """Give a card in use a PIN, instead of one it may have."""
        credential = _in_use(uow, card)
        uow.rule_books.set_pin(credential.id, _derived(card, pin), self._clock())
        self._changed(uow, credential, Action.PIN_SET, responsible)

    def remove(self, uow: UnitOfWork, card: int, responsible: Responsible) -> None:
        """Take the PIN of a card away."""
        credential = _in_use(uow, card)
        if not uow.rule_books.forget_pin(credential.id):
            raise Conflict("the card has no PIN")
        self._changed(uow, credential, Action.PIN_REMOVED, responsible)

    def _changed(
        self,
        uow: UnitOfWork,
        credential: Credential,
        action: Action,
        responsible: Responsible,
    ) -> None:
        uow.rule_books.rise(sorted(uow.rule_books.gateways_of_card(credential.card)))
        deed = Deed(
            responsible.signature,
            action,
            f"credential:{credential.id}",
            responsible.reason,
        )
        record(uow, [deed], self._clock())


def _in_use(uow: UnitOfWork, card: int) -> Credential:
    credential = uow.credentials.live(card)
    if credential is None:
        raise NotFound("nobody holds this card")
    return credential


def _derived(card: int, pin: str) -> CardPin:
    if not pin:
        raise Invalid([missing("pin", "let the holder choose a PIN")])
    try:
        return pin_for(CardNumber(card), pin, secrets.token_bytes(SALT_SIZE))
    except ValueError:
        # The error is told without its cause: that one might repeat the PIN.
        raise Invalid(
            [
                FieldError(
                    "pin",
                    Fault.MALFORMED,
                    f"a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits",
                    "let the holder choose another one, digits only",
                )
            ]
        ) from None
