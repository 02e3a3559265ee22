"""Rules of doors as the API and the forms send them."""

from typing import Any

PLAIN: dict[str, Any] = {
    "mode": "controlled",
    "modes": [],
    "pin": None,
    "first_card": None,
    "cards_together": 1,
    "interlock": [],
    "anti_passback": None,
}
WEEKDAYS, EVERY_DAY = [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6]


def span(days: list[int], opens: str, closes: str) -> dict[str, Any]:
    """Return hours of some days."""
    return {"days": days, "opens": opens, "closes": closes}


DAYTIME = span(WEEKDAYS, "08:00", "18:00")
OFFICE: dict[str, Any] = PLAIN | {"modes": [{"mode": "unlocked", "hours": [DAYTIME]}]}


def full(card: int, other: str) -> dict[str, Any]:
    """Return rules of every kind, with a card's holder and another door."""
    return {
        "mode": "controlled",
        "modes": [
            {"mode": "locked", "hours": [span([6], "00:00", "24:00")]},
            {"mode": "unlocked", "hours": [DAYTIME]},
        ],
        "pin": [
            span(EVERY_DAY, "00:00", "06:00"),
            span(EVERY_DAY, "22:00", "24:00"),
        ],
        "first_card": {"hours": [DAYTIME], "holders": [card], "unlocks": True},
        "cards_together": 2,
        "interlock": [other],
        "anti_passback": {
            "area": "库房",
            "direction": "entry",
            "forget_after": 3600,
            "soft": False,
        },
    }


def change(rules: dict[str, Any], **more: object) -> dict[str, Any]:
    """Return a request to put rules in force."""
    return {"operator": "王工", "reason": "白天对外办事", "rules": rules} | more
