"""The one access rule: may this card open this door now, and why."""

from datetime import datetime

from controller.cbor import microseconds
from controller.permit_table import PermitTable, Terms
from controller.vocabulary import CardNumber, Decision, DoorId, Reason

# From the answer that opens to the one that tells least about the card.
TELLING = (Reason.PERMIT, Reason.OUTSIDE_HOURS, Reason.ENDED, Reason.NOT_YET_VALID)
RANK = {reason: rank for rank, reason in enumerate(TELLING)}


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
    moment = microseconds(now)
    answers = [
        (RANK[_weigh(terms, moment, now)], terms[0])
        for terms in permits.terms(card, door)
    ]
    if answers:
        rank, permit = min(answers)
        return Decision(rank == 0, TELLING[rank], permit)
    known = card in permits
    return Decision(
        granted=False, reason=Reason.OTHER_DOOR if known else Reason.UNKNOWN_CARD
    )


def _weigh(terms: Terms, moment: int, now: datetime) -> Reason:
    _, start, end, profile = terms
    if moment < start:
        return Reason.NOT_YET_VALID
    if moment >= end:
        return Reason.ENDED
    if profile is not None and not profile.contains(now):
        return Reason.OUTSIDE_HOURS
    return Reason.PERMIT
