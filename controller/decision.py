"""The one access rule: may this card open this door now, and why."""

from datetime import datetime

from controller.permit_table import PermitTable
from controller.vocabulary import CardNumber, Decision, DoorId, Permit, Reason

# From the answer that opens to the one that tells least about the card.
TELLING = (Reason.PERMIT, Reason.OUTSIDE_HOURS, Reason.ENDED, Reason.NOT_YET_VALID)


def decide(
    permits: PermitTable, door: DoorId, card: CardNumber, now: datetime
) -> Decision:
    """Say whether a card opens a door at `now`, which permit says so, and why.

    Any permit that holds grants. Otherwise the refusal that tells most is given:
    outside the hours, ended, not yet valid, valid for other doors only, unknown.
    Of several permits that say the same the lowest id is named.
    """
    if now.utcoffset() is None:
        raise ValueError("now needs a time zone")
    answers = [(weigh(permit, now), permit.id) for permit in permits.at(card, door)]
    if answers:
        reason, permit = min(answers, key=lambda answer: TELLING.index(answer[0]))
        return Decision(reason is Reason.PERMIT, reason, permit)
    known = card in permits
    return Decision(
        granted=False, reason=Reason.OTHER_DOOR if known else Reason.UNKNOWN_CARD
    )


def weigh(permit: Permit, now: datetime) -> Reason:
    """Say what one permit answers at its own door: PERMIT, or why it does not hold."""
    if now < permit.validity.start:
        return Reason.NOT_YET_VALID
    if now >= permit.validity.end:
        return Reason.ENDED
    if permit.profile is not None and not permit.profile.contains(now):
        return Reason.OUTSIDE_HOURS
    return Reason.PERMIT
