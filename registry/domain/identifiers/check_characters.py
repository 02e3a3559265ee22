"""Check characters: MOD 11-2, MOD 31-3 and the 7-3-1 of machine-readable lines."""

ELEVEN = "0123456789X"
THIRTY_ONE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of a credit code: no I, O, S, V, Z."""
MACHINE_READABLE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
FILLER = "<"
_WEIGHTS = (7, 3, 1)


def mod_11_2(body: str) -> str:
    """Return the check character of a citizen number's 17 digits (ISO 7064)."""
    remainder = 0
    for digit in body:
        remainder = (remainder + int(digit)) * 2 % 11
    return ELEVEN[(12 - remainder) % 11]


def mod_31_3(body: str) -> str:
    """Return the check character of a credit code's 17 characters (GB 32100)."""
    total = sum(THIRTY_ONE.index(c) * pow(3, n, 31) for n, c in enumerate(body))
    return THIRTY_ONE[-total % 31]


def mod_10_731(text: str) -> str:
    """Return the check digit of a machine-readable field (ICAO 9303-3)."""
    total = sum(
        (0 if c == FILLER else MACHINE_READABLE.index(c)) * _WEIGHTS[n % 3]
        for n, c in enumerate(text)
    )
    return str(total % 10)
