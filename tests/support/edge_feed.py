"""A gateway's side of the registry's services, without a network."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.cose import Signer
from controller.encoding import encode_entry
from controller.uplink.commissioning import CommissioningRecord, sign_record
from controller.uplink.messages import (
    GENESIS,
    CommissioningReport,
    DoorReport,
    Heartbeat,
    PassageBatch,
    chain,
)
from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    CardNumber,
    DoorId,
    Entry,
    GatewayId,
    Passage,
    Reason,
    Revision,
)
from registry.services.registry_services import Services
from tests.support.registry_bench import public_pem


class EdgeFeed:
    """Records passages and reports doors as a gateway would."""

    def __init__(self, services: Services, gateway: str = "gateway-1") -> None:
        """Speak for one gateway in its first epoch."""
        self._services = services
        self._gateway = GatewayId(gateway)
        self._first, self._chain = 1, GENESIS
        self._beats = count(1)

    def record(self, entries: Iterable[Entry]) -> None:
        """Let the registry ingest lines."""
        lines = tuple(encode_entry(entry) for entry in entries)
        batch = PassageBatch(self._gateway, 1, self._first, self._chain, lines)
        with self._services.store.writing() as uow:
            receipt = self._services.ingest.accept(uow, batch)
        self._first += len(lines)
        self._chain = chain(self._chain, lines)
        assert getattr(receipt, "upto", None) == self._first - 1

    def report(self, doors: Sequence[str], acknowledged: int) -> None:
        """Report doors as online and their permits as in force."""
        reports = tuple(
            DoorReport(
                DoorId(door),
                online=True,
                secure=True,
                open=False,
                acknowledged=Revision(acknowledged),
                clock_offset=0.2,
            )
            for door in doors
        )
        beat = Heartbeat(
            self._gateway, next(self._beats), self._services.clock(), "test", 0, reports
        )
        with self._services.store.writing() as uow:
            self._services.gateways.heard(uow, beat)

    def commission(self, *records: CommissioningRecord) -> None:
        """Enrol with a fresh key and hand in records signed with it."""
        key = Ed25519PrivateKey.generate()
        signer = Signer(key, self._gateway)
        with self._services.store.writing() as uow:
            self._services.gateways.enroll(uow, self._gateway, public_pem(key), "test")
            for record in records:
                report = CommissioningReport(self._gateway, sign_record(record, signer))
                self._services.commissioning.take(uow, report)

    def hand_out(self, revision: int) -> None:
        """Note that the gateway fetched the permits up to a revision."""
        with self._services.store.writing() as uow:
            self._services.permits.pushed(uow, self._gateway, revision)


def tap(
    door: str, at: datetime, card: int | None, reason: Reason = Reason.PERMIT
) -> Passage:
    """Return what a reader tells about a card or a button."""
    granted = reason in {Reason.PERMIT, Reason.EXIT_REQUEST, Reason.REMOTE_OPEN}
    number = None if card is None else CardNumber(card)
    return Passage(DoorId(door), at, granted, reason, number)


def alarm(
    door: str, at: datetime, kind: AlarmKind, *, over: bool = False
) -> AlarmChange:
    """Return what a gateway tells about an alarm that was raised, and may be over."""
    return AlarmChange(DoorId(door), kind, at, at if over else None)
