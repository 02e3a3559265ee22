"""A street small enough to know by heart, with one unit in every state."""

from datetime import date, timedelta
from typing import Any

OLD_CARD, DUE_CARD, OWNER_CARD, FREE_CARD = (
    4_400_001_234,
    4_400_005_678,
    4_400_009_999,
    4_400_007_777,
)
PROTOCOLS = ("osdp", "smart_door", "uhppote", "esp_rfid")
LANDLORD, TENANT, DUE_TENANT, OWNER = "P1", "P2", "P3", "P4"
USES = {
    "0101": "shop",
    "0102": "shop",
    "0201": "rental",
    "0202": "rental",
    "0203": "owner",
    "0301": "rental",
    "0302": "rental",
    "0303": "vacant",
}


def small_street(today: date) -> dict[str, Any]:
    """Return a street file; its tenancies lie around `today`."""
    long_ago, far, soon = (today + timedelta(days=n) for n in (-90, 270, 10))
    return {
        "format": "menhu-street/1",
        "seed": 1,
        "zone": "Asia/Shanghai",
        "example": True,
        "street": {"code": "S01", "name": "示例街"},
        "communities": [
            {"code": "C01", "name": "示例社区一"},
            {"code": "C02", "name": "示例社区二"},
        ],
        "grids": [
            {"code": "G001", "community": "C01", "name": "第 001 网格"},
            {"code": "G002", "community": "C02", "name": "第 002 网格"},
        ],
        "buildings": [
            _building("B001", "G001", "示例楼一", 3),
            _building("B002", "G002", "示例楼二", 1),
        ],
        "units": [
            _unit("B001", number, use, ["A", "B"] if number == "0302" else [])
            for number, use in USES.items()
        ]
        + [_unit("B002", "0101", "owner", [])],
        "parties": [
            {"code": LANDLORD, "name": "东房甲"},
            {"code": TENANT, "name": "示范住户乙"},
            {"code": DUE_TENANT, "name": "期满住户丙"},
            {"code": OWNER, "name": "业主丁"},
        ],
        "tenancies": [
            _tenancy("T1", "0201", (long_ago, far), [TENANT]),
            _tenancy("T2", "0202", (long_ago, soon), [DUE_TENANT]),
            _tenancy("T3", "0301", (long_ago, far), []),
            _tenancy("T4", "0302", (long_ago, far), [], filed=False),
        ],
        "residences": [{"unit": "B001-0203", "party": OWNER}],
        "credentials": [
            {"card": OLD_CARD, "party": TENANT},
            {"card": DUE_CARD, "party": DUE_TENANT},
            {"card": OWNER_CARD, "party": OWNER},
        ],
        "gateways": [{"id": "gateway-1", "name": "示例网关"}],
        "controllers": [
            {"id": f"reader-{n}", "gateway": "gateway-1", "protocol": protocol}
            for n, protocol in enumerate(PROTOCOLS, 1)
        ],
        "doors": [
            _door(1, "B001", "正门"),
            _door(2, "B001", "后门"),
            _door(3, "B002", "正门"),
            _door(4, "B002", "后门"),
        ],
    }


def _building(code: str, grid: str, name: str, storeys: int) -> dict[str, Any]:
    address = f"示例路 {int(code[1:])} 号"
    return {
        "code": code,
        "grid": grid,
        "name": name,
        "address": address,
        "storeys": storeys,
    }


def _unit(building: str, number: str, use: str, rooms: list[str]) -> dict[str, Any]:
    code = f"{building}-{number}"
    return {
        "code": code,
        "building": building,
        "number": number,
        "floor": int(number[:2]),
        "use": use,
        "rooms": [{"code": f"{code}-{room}", "name": room} for room in rooms],
    }


def _tenancy(
    code: str,
    number: str,
    days: tuple[date, date],
    occupants: list[str],
    *,
    filed: bool = True,
) -> dict[str, Any]:
    return {
        "code": code,
        "unit": f"B001-{number}",
        "room": None,
        "landlord": LANDLORD,
        "start": days[0].isoformat(),
        "end": days[1].isoformat(),
        "filed": filed,
        "occupants": occupants,
    }


def _door(number: int, building: str, name: str) -> dict[str, Any]:
    return {
        "id": f"door-{number}",
        "controller": f"reader-{number}",
        "building": building,
        "name": name,
    }
