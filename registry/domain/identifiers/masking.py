"""Numbers as they may be shown: enough to recognise, not to use."""

LONG, SHORT = 15, 8
STAR = "*"


def masked(number: str) -> str:
    """Return a number with its middle starred, as long as it was.

    From 15 characters on four stay at each end, from 8 on two, of less only the last.
    """
    ends = 4 if len(number) >= LONG else 2 if len(number) >= SHORT else 0
    if not ends:
        return STAR * (len(number) - 1) + number[-1:]
    return number[:ends] + STAR * (len(number) - 2 * ends) + number[-ends:]
