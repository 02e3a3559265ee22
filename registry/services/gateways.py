"""Gateways: enrolment, keys and heartbeats."""

from collections.abc import Callable
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from controller.uplink.messages import Heartbeat
from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Fault, FieldError, Invalid, NotFound
from registry.persistence.unit_of_work import UnitOfWork


class Gateways:
    """Knows which gateways may speak and hears that they live."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Take times from a clock."""
        self._clock = clock

    def enroll(
        self, uow: UnitOfWork, gateway: str, public_key: str, actor: str
    ) -> None:
        """Let a gateway on record speak under an Ed25519 key in PEM."""
        if uow.hardware.gateway(gateway) is None:
            raise NotFound(f"there is no gateway {gateway!r}: import its street first")
        read_key(public_key)
        now = self._clock()
        uow.hardware.enroll(gateway, public_key, now)
        record(uow, [Deed(actor, Action.GATEWAY_ENROLLED, f"gateway:{gateway}")], now)

    def key(self, uow: UnitOfWork, gateway: str) -> Ed25519PublicKey | None:
        """Return the key a gateway signs with, if it is enrolled."""
        pem = uow.hardware.public_key(gateway)
        return None if pem is None else read_key(pem)

    def heard(self, uow: UnitOfWork, heartbeat: Heartbeat) -> bool:
        """Keep a heartbeat; one that is no newer than the last changes nothing."""
        last = uow.hardware.last_heartbeat(heartbeat.gateway)
        if (
            last is not None
            and heartbeat.number <= last.number
            and heartbeat.at <= last.at
        ):
            return False
        now = self._clock()
        uow.hardware.heard(heartbeat, now)
        uow.hardware.report(heartbeat.gateway, heartbeat.doors, now)
        own = {door.id for door in uow.hardware.doors_of_gateway(heartbeat.gateway)}
        uow.key_warnings.heard((d for d in heartbeat.doors if d.door in own), now)
        return True


def read_key(pem: str) -> Ed25519PublicKey:
    """Read an Ed25519 public key."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PublicKey):
        return key
    raise Invalid(
        [
            FieldError(
                "public_key",
                Fault.MALFORMED,
                "this is not an Ed25519 public key in PEM",
                "give the file `device.pub` that the gateway's `init` wrote",
            )
        ]
    )
