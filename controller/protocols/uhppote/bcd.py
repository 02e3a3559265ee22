"""Dates and times in binary-coded decimals, as the boards keep them.

All are local wall time without a zone. A board fills what it does not know with
zeros, so zeros, like anything that is no date, read as None.
"""

from datetime import date, datetime, time

_CENTURY = "20"


def encode_date(day: date | None) -> bytes:
    """Return YYYYMMDD in four bytes, zeros for None."""
    return bytes(4) if day is None else bytes.fromhex(f"{day.year:04}{day:%m%d}")


def decode_date(data: bytes) -> date | None:
    """Read YYYYMMDD."""
    moment = _parse(data.hex() + "000000")
    return moment and moment.date()


def encode_moment(moment: datetime | None) -> bytes:
    """Return YYYYMMDDHHmmss in seven bytes, zeros for None; a fraction is cut off."""
    if moment is None:
        return bytes(7)
    return encode_date(moment.date()) + encode_time(moment.time())


def decode_moment(data: bytes) -> datetime | None:
    """Read YYYYMMDDHHmmss."""
    return _parse(data.hex())


def encode_short_date(day: date | None) -> bytes:
    """Return YYMMDD of this century in three bytes, zeros for None."""
    if day is not None and day.year // 100 != int(_CENTURY):
        raise ValueError("a short date lies in this century")
    return encode_date(day)[1:]


def decode_short_date(data: bytes) -> date | None:
    """Read YYMMDD of this century."""
    moment = _parse(_CENTURY + data.hex() + "000000")
    return moment and moment.date()


def encode_time(at: time | None) -> bytes:
    """Return HHmmss in three bytes; None and midnight are both zeros."""
    return bytes(3) if at is None else bytes.fromhex(f"{at:%H%M%S}")


def decode_time(data: bytes) -> time | None:
    """Read HHmmss; zeros are midnight."""
    moment = _parse("20000101" + data.hex())
    return None if moment is None else moment.time()


def encode_minute(at: time | None) -> bytes:
    """Return HHmm in two bytes; None and midnight are both zeros."""
    return encode_time(at)[:2]


def decode_minute(data: bytes) -> time | None:
    """Read HHmm; zeros are midnight."""
    return decode_time(data + b"\0")


def _parse(digits: str) -> datetime | None:
    """Read fourteen decimal digits; letters or impossible dates are None."""
    if not digits.isdecimal():
        return None
    pairs = [int(digits[at : at + 2]) for at in range(0, 14, 2)]
    century, year, *rest = pairs
    try:
        return datetime(century * 100 + year, *rest)  # type: ignore[arg-type]  # noqa: DTZ001  five numbers; boards have no zone
    except ValueError:
        return None
