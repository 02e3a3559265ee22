"""A registry on real files, with a small street, gateways' keys and a clock by hand."""

import atexit
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Any, TypeVar

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from controller.cose import Signer
from controller.encoding import encode_entry
from controller.uplink.codec import decode, encode
from controller.uplink.messages import (
    GENESIS,
    DoorReport,
    Heartbeat,
    Message,
    PassageBatch,
    PermitRequest,
)
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Entry,
    GatewayId,
    Origin,
    Passage,
    Reason,
    Revision,
)
from registry.app import create_app
from registry.assembly import build_services
from registry.domain.registration import TenancyForm
from registry.services.installation import Installation
from registry.services.registry_services import Services
from registry.settings import Settings
from tests.support.postgresql import IN_THE_FOLDER, NewDatabase, dumped

NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
GATEWAY, OTHER_GATEWAY = GatewayId("gateway-1"), GatewayId("gateway-2")
FRONT, BACK, FAR = DoorId("door-001"), DoorId("door-002"), DoorId("door-003")
UNKNOWN_CARD = 999
TENANT_CARD, ROOM_CARD, OWNER_CARD, KEEPER_CARD = 4001, 4002, 4003, 2**64 - 5
NAMES = {
    "P1": "甲示例租客",
    "P2": "乙示例租客",
    "P3": "丙示例业主",
    "P4": "丁示例店主",
    "P9": "戊示例房东",
}

STREET: dict[str, Any] = {
    "format": "menhu-street/1",
    "seed": 1,
    "zone": "Asia/Shanghai",
    "example": True,
    "street": {"code": "S01", "name": "示例街"},
    "communities": [{"code": "C01", "name": "示例社区"}],
    "grids": [
        {"code": "G001", "community": "C01", "name": "第 001 网格"},
        {"code": "G002", "community": "C01", "name": "第 002 网格"},
    ],
    "buildings": [
        {
            "code": code,
            "grid": grid,
            "name": f"示例楼 {code}",
            "address": "示例路 1 号",
            "storeys": 3,
        }
        for code, grid in (("B1", "G001"), ("B2", "G002"))
    ],
    "units": [
        {
            "code": f"{building}-{number}",
            "building": building,
            "number": number,
            "floor": int(number[:2]),
            "use": use,
            "rooms": [
                {"code": f"{building}-{number}-{room}", "name": room} for room in rooms
            ],
        }
        for building, number, use, rooms in (
            ("B1", "0101", "shop", ""),
            ("B1", "0201", "rental", ""),
            ("B1", "0202", "rental", "AB"),
            ("B1", "0301", "owner", ""),
            ("B2", "0101", "vacant", ""),
        )
    ],
    "parties": [{"code": code, "name": name} for code, name in NAMES.items()],
    "tenancies": [
        {
            "code": code,
            "unit": unit,
            "room": room,
            "landlord": "P9",
            "start": "2026-01-01",
            "end": end,
            "filed": filed,
            "occupants": occupants,
        }
        for code, unit, room, end, filed, occupants in (
            ("T1", "B1-0201", None, "2027-01-01", True, ["P1"]),
            ("T2", "B1-0202", "B1-0202-A", "2026-06-20", False, ["P2"]),
            ("T3", "B1-0101", None, "2027-01-01", True, ["P4"]),
        )
    ],
    "residences": [{"unit": "B1-0301", "party": "P3"}],
    "credentials": [
        {"card": TENANT_CARD, "party": "P1"},
        {"card": ROOM_CARD, "party": "P2"},
        {"card": OWNER_CARD, "party": "P3"},
        {"card": KEEPER_CARD, "party": "P4"},
    ],
    "gateways": [
        {"id": GATEWAY, "name": "示例网关 1"},
        {"id": OTHER_GATEWAY, "name": "示例网关 2"},
    ],
    "controllers": [
        {"id": "reader-001", "gateway": GATEWAY, "protocol": "osdp"},
        {"id": "lock-001", "gateway": GATEWAY, "protocol": "smart_door"},
        {"id": "reader-002", "gateway": OTHER_GATEWAY, "protocol": "osdp"},
    ],
    "doors": [
        {"id": FRONT, "controller": "reader-001", "building": "B1", "name": "正门"},
        {"id": BACK, "controller": "lock-001", "building": "B1", "name": "后门"},
        {"id": FAR, "controller": "reader-002", "building": "B2", "name": "正门"},
    ],
}

M = TypeVar("M", bound=Message)
GATEWAYS = (GATEWAY, OTHER_GATEWAY)
Keys = dict[GatewayId, Ed25519PrivateKey]


def street() -> dict[str, Any]:
    """Return a street file that a test may spoil."""
    return deepcopy(STREET)


def form(**changes: Any) -> TenancyForm:  # noqa: ANN401 - fields of several types
    """Return a form that would be accepted, with changes."""
    fields: dict[str, Any] = {
        "unit": "B2-0101",
        "occupant": "己示例新住户",
        "start": "2026-06-01",
        "end": "2027-06-01",
        "card": "5001",
    }
    return TenancyForm(**(fields | changes))


def passage(
    number: int = 0,
    card: int | None = TENANT_CARD,
    door: DoorId = FRONT,
    at: datetime | None = None,
    *,
    granted: bool = True,
) -> Passage:
    """Return a passage; its number makes it unlike every other."""
    return Passage(
        door=door,
        at=at or NOW + timedelta(seconds=number),
        granted=granted,
        reason=Reason.PERMIT if granted else Reason.UNKNOWN_CARD,
        card=None if card is None else CardNumber(card),
        origin=Origin(ControllerId("reader-001"), 1, abs(number)),
    )


def batch(
    entries: Sequence[Entry | bytes],
    first: int = 1,
    previous: bytes = GENESIS,
    epoch: int = 1,
) -> PassageBatch:
    """Return a batch of entries, encoded where they are not."""
    encoded = tuple(e if isinstance(e, bytes) else encode_entry(e) for e in entries)
    return PassageBatch(GATEWAY, epoch, first, previous, encoded)


def heartbeat(
    number: int, at: datetime, *doors: DoorReport, gateway: GatewayId = GATEWAY
) -> Heartbeat:
    """Return a heartbeat with these doors."""
    return Heartbeat(gateway, number, at, "0.1.0", 3, doors)


def report(door: DoorId, acknowledged: int = 0, *, online: bool = True) -> DoorReport:
    """Return a door that is reachable."""
    return DoorReport(door, online, secure=True, acknowledged=Revision(acknowledged))


class Bench:
    """One registry; `clock` is set by hand."""

    def __init__(
        self, folder: Path, url: str | None = None, keys: Keys | None = None
    ) -> None:
        self.settings = Settings(
            data=folder / "data",
            database_url=None if url is None else SecretStr(url),
            poll_seconds=0.01,
        )
        self.now = NOW
        if keys is None:
            Installation(self.settings).migrate()
        self.services: Services = build_services(self.settings, self.clock)
        self.keys = keys or {g: Ed25519PrivateKey.generate() for g in GATEWAYS}

    def clock(self) -> datetime:
        return self.now

    def seed(self, document: object = STREET) -> "Bench":
        with self.services.store.writing() as uow:
            self.services.seeding.load(uow, document, "test")
        return self

    def enroll(self) -> "Bench":
        for gateway, key in self.keys.items():
            with self.services.store.writing() as uow:
                self.services.gateways.enroll(uow, gateway, public_pem(key), "test")
        return self

    def sign(self, message: Message, gateway: GatewayId = GATEWAY) -> bytes:
        return encode(message, Signer(self.keys[gateway], gateway))

    def read(self, data: bytes, *kinds: type[M]) -> M:
        """Check what the registry signed."""
        public = self.services.signer.key.public_key()
        return decode(data, {"registry": public}.get, *kinds)[1]

    def register(self, **changes: Any) -> int:  # noqa: ANN401 - fields of several types
        """Record a tenancy and return the revision."""
        with self.services.store.writing() as uow:
            services = self.services
            return services.registration.record_tenancy(
                uow, form(**changes), "test"
            ).revision

    def issue(self, card: int, party: str) -> None:
        """Give a party one more card and publish what follows."""
        with self.services.store.writing() as uow:
            uow.credentials.add([(card, party)], self.now)
            self.services.permits.rederive(uow, [card])

    def request(self, after: int, digest: bytes, wait: int = 0) -> PermitRequest:
        return PermitRequest(GATEWAY, Revision(after), digest, wait)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Serve the application on loopback and speak to it."""
        app = create_app(self.settings, self.clock)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(app, log_config=None, ws="none", lifespan="on")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, args=([listener],))
            thread.start()
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            port = listener.getsockname()[1]
            try:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                    yield client
            finally:
                server.should_exit = True
                thread.join()

    def database_bytes(self) -> bytes:
        """Everything of the database that is on disk, the WAL with it."""
        if self.settings.database_url is not None:
            return dumped(self.settings.database_url.get_secret_value())
        files = [self.settings.data / name for name in ("menhu.db", "menhu.db-wal")]
        return b"".join(file.read_bytes() for file in files if file.exists())


@dataclass(frozen=True, slots=True)
class Mould:
    """A seeded registry to copy: its folder, its gateways' keys and its database."""

    folder: Path | None = None
    keys: Keys | None = None
    database: str | None = None


EMPTY = Mould()
MOULDS: dict[NewDatabase, Mould] = {}
"""Seeding takes longer than copying."""


def mould_of(databases: NewDatabase) -> Mould:
    """Return the seeded registry of a kind, made when it is asked for first."""
    if databases not in MOULDS:
        folder = Path(mkdtemp(prefix="menhu-mould-"))
        atexit.register(rmtree, folder)
        bench = Bench(folder, databases.kept())
        bench.seed().enroll()
        bench.services.retirement.look()
        bench.services.store.close()
        url = bench.settings.database_url
        MOULDS[databases] = Mould(
            folder, bench.keys, None if url is None else url.get_secret_value()
        )
    return MOULDS[databases]


@contextmanager
def registry(
    folder: Path, databases: NewDatabase = IN_THE_FOLDER, *, seeded: bool = True
) -> Iterator[Bench]:
    """Set a registry up, and close it."""
    mould = mould_of(databases) if seeded else EMPTY
    with databases.one(mould.database) as url:
        if mould.folder is not None:
            copytree(mould.folder, folder, dirs_exist_ok=True)
        bench = Bench(folder, url, mould.keys)
        try:
            yield bench
        finally:
            bench.services.store.close()


def public_pem(key: Ed25519PrivateKey) -> str:
    """Return the public half of a key in PEM."""
    return (
        key.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
