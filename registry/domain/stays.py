"""What the two sides of a stay may say of it, and what follows from their word."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from registry.domain.errors import Conflict, Fault, FieldError, Invalid
from registry.domain.occupancy import (
    OCCUPANCIES,
    Occupancy,
    OccupancyEvent,
    OccupancyState,
    Side,
)
from registry.domain.visit import Finding, Purpose

_E, _S = OccupancyEvent, OccupancyState


def confirmed(stay: Occupancy, side: Side, today: date) -> Occupancy:
    """Return a stay the other side, or the street, confirms."""
    _other_side(stay, side)
    return replace(_after(stay, _E.CONFIRMED), confirmed_by=side, confirmed_on=today)


def contested(stay: Occupancy, side: Side) -> Occupancy:
    """Return a stay the other side says is not so: somebody will go and look."""
    _other_side(stay, side)
    return _after(stay, _E.CONTESTED)


def withdrawn(stay: Occupancy, side: Side, today: date) -> Occupancy:
    """Return a stay its own declarer takes back.

    Once somebody may have moved in, only they themselves can take it back: anybody
    else says that they left, and a word of theirs or a visit decides.
    """
    if side is not stay.declared_by:
        raise Conflict("only the side that declared a stay takes it back: contest it")
    begun = stay.start is None or stay.start <= today
    if side is not Side.OCCUPANT and begun:
        raise Conflict(
            "the stay has begun, so it cannot be taken back: say that they left"
        )
    return _after(stay, _E.WITHDRAWN)


def leaving(stay: Occupancy, side: Side, on: date, today: date) -> Occupancy:
    """Return a stay that a side says ends on a day.

    The word of whoever lives there ends it on that day. Of anybody else it is a claim:
    the end stays as it was until they confirm it or a visit finds them gone.
    """
    _on_day(stay, on)
    if side is Side.OCCUPANT:
        return _left_by_own_word(stay, on, today)
    if stay.state in {_S.CONTESTED, _S.VISIT}:
        raise Conflict("somebody is to look who lives there: wait for what they find")
    return replace(
        _after(stay, _E.LEAVE_DECLARED),
        leave_by=side,
        leave_on=on,
        leave_declared_on=today,
    )


def leave_confirmed(
    stay: Occupancy, side: Side, on: date | None, today: date
) -> Occupancy:
    """Return a stay whose end the occupant confirms, for the day said or another."""
    if stay.state is not _S.LEAVE_DECLARED or stay.leave_on is None:
        raise Conflict("nobody said that this stay ends")
    if side is not Side.OCCUPANT:
        raise Conflict(
            "only who lives there confirms that they leave; otherwise a visit decides"
        )
    day = stay.leave_on if on is None else on
    _on_day(stay, day)
    return _left_by_own_word(stay, day, today)


def leave_disputed(stay: Occupancy, side: Side, until: date | None) -> Occupancy:
    """Return a stay that goes on: its occupant says so.

    `until` is the end that was agreed; it holds again where the occupant takes their
    own word back.
    """
    if side is not Side.OCCUPANT:
        raise Conflict("only who lives there says that they stay")
    own = stay.leave_by is Side.OCCUPANT
    lives = stay.confirmed_by or (None if own else stay.leave_by)
    return replace(
        _staying(_after(stay, _E.LEAVE_DISPUTED)),
        confirmed_by=lives,
        end=until if own else stay.end,
    )


def passed(stay: Occupancy, today: date) -> Occupancy | None:
    """Return a stay that ended because its occupant's day has come; None if not."""
    said = stay.leave_on is not None and stay.leave_on <= today
    if said and stay.state is _S.LEAVE_DECLARED and stay.leave_by is Side.OCCUPANT:
        return _after(stay, _E.ENDED)
    return None


def unanswered(
    stay: Occupancy, today: date, late: Callable[[date], bool]
) -> Purpose | None:
    """Say whether somebody should go and look, and why; silence decides nothing.

    `late` says whether an answer to what was said on a day is overdue. Who owes the
    register no word is not asked for one, nor is anybody about a stay that is over.
    """
    if stay.exemption is not None or (stay.end is not None and stay.end <= today):
        return None
    if stay.state is _S.CONTESTED:
        return Purpose.CONTESTED
    since = {
        _S.DECLARED: (stay.declared_on, Purpose.SILENCE),
        _S.LEAVE_DECLARED: (stay.leave_declared_on, Purpose.LEAVE),
    }
    day, purpose = since.get(stay.state, (None, None))
    claimed = stay.state is not _S.LEAVE_DECLARED or stay.leave_by is not Side.OCCUPANT
    due = day is not None and claimed and late(day)
    return purpose if due else None


def visit_sent(stay: Occupancy) -> Occupancy:
    """Return a stay that somebody will look at; a leave that was said stays said."""
    events = {_S.CONTESTED: _E.VISIT_SENT, _S.DECLARED: _E.SILENCE}
    event = events.get(stay.state)
    return stay if event is None else _after(stay, event)


def found(stay: Occupancy, finding: Finding, today: date) -> Occupancy:
    """Return a stay as somebody found it who went there."""
    if finding is Finding.LIVING:
        return replace(
            _staying(_after(stay, _E.FOUND_LIVING)),
            confirmed_by=Side.GRID,
            confirmed_on=today,
        )
    gone = _after(stay, _E.FOUND_ABSENT)
    if gone.state is _S.VOID:
        return gone
    day = today if stay.leave_on is None else min(stay.leave_on, today)
    return replace(gone, end=day if stay.end is None else min(stay.end, day))


def ended(stay: Occupancy, day: date) -> Occupancy:
    """Return a stay that ends on a day by decision of the street."""
    state = stay.state
    if OCCUPANCIES.allows(state, _E.ENDED):
        state = OCCUPANCIES.after(state, _E.ENDED)
    # Who left before goes on having left before.
    end = day if stay.end is None else min(stay.end, day)
    return replace(stay, end=end, state=state)


def _after(stay: Occupancy, event: OccupancyEvent) -> Occupancy:
    return replace(stay, state=OCCUPANCIES.after(stay.state, event))


def _left_by_own_word(stay: Occupancy, on: date, today: date) -> Occupancy:
    said = stay if stay.state is _S.LEAVE_DECLARED else _after(stay, _E.LEAVE_DECLARED)
    said = replace(
        said,
        leave_by=Side.OCCUPANT,
        leave_on=on,
        leave_declared_on=today,
        end=on,
    )
    return passed(said, today) or said


def _staying(stay: Occupancy) -> Occupancy:
    return replace(stay, leave_by=None, leave_on=None, leave_declared_on=None)


def _other_side(stay: Occupancy, side: Side) -> None:
    if side is stay.declared_by:
        raise Conflict("this side declared the stay: the other one answers")


def _on_day(stay: Occupancy, on: date) -> None:
    early = stay.start is not None and on < stay.start
    late = stay.end is not None and on > stay.end
    if early or late:
        raise Invalid(
            [
                FieldError(
                    "on",
                    Fault.CONTRADICTION,
                    f"the stay is from {stay.start or 'long ago'} until "
                    f"{stay.end or 'further notice'}",
                    "give a day within it; who stays longer holds over or renews",
                )
            ]
        )
