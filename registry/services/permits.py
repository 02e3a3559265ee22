"""Permits: derived, published with the change that caused them, and delivered."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.uplink.messages import PermitDelta, PermitRequest, PermitSnapshot
from controller.vocabulary import GatewayId, Revision
from registry.domain.hardware import DoorStatus
from registry.domain.house import PermitView
from registry.domain.permits import derive, diff
from registry.domain.policy import Policy
from registry.persistence.hardware import NO_PERMITS
from registry.persistence.permits import PublishedPermit, weight_shift
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.policy_in_force import on_record


@dataclass(frozen=True, slots=True)
class DoorPermits:
    """A door and how many permits it should have."""

    status: DoorStatus
    permits: int


class PermitService:
    """Derives, publishes and hands out permits."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Derive under a policy."""
        self._policy = policy
        self._clock = clock

    def rederive(self, uow: UnitOfWork, cards: Iterable[int] | None = None) -> int:
        """Publish what changed for some cards, or for all; return the revision."""
        now = self._clock()
        doors = uow.hardware.doors()
        if cards is None:
            current = uow.permits.every()
            credentials = uow.credentials.every()
            occupancies = uow.occupancies.find()
            grants = uow.grants.running(now)
        else:
            affected = list(cards)
            current = uow.permits.of_cards(affected)
            credentials = uow.credentials.of_cards(affected)
            parties = {credential.party for credential in credentials}
            occupancies = uow.occupancies.of_parties(parties)
            grants = uow.grants.of_parties(parties)
        published = {p.permit.id: p for p in current}
        policy = on_record(uow, self._policy)
        desired = derive(occupancies, credentials, doors, policy, now, grants=grants)
        change = diff((p.permit for p in current), desired)
        if not change:
            return uow.permits.revision()
        revision = uow.permits.next_revision()
        gateways = uow.hardware.gateways_of_doors()
        put = [
            PublishedPermit(permit, gateways[permit.door], revision)
            for permit in sorted(change.put, key=lambda permit: permit.id)
        ]
        old = [published[p.permit.id] for p in put if p.permit.id in published]
        removed = [published[id_] for id_ in sorted(change.removed)]
        uow.permits.publish(removed, put, revision)
        self._advance(uow, [*removed, *old], put, revision)
        touched = {p.permit.door for p in (*removed, *old, *put)}
        uow.hardware.want(sorted(touched), revision, now)
        return revision

    def follow(self, uow: UnitOfWork, parties: Iterable[str]) -> int:
        """Publish what changed for the cards of parties; return the revision."""
        credentials = uow.credentials.of_parties(parties)
        return self.rederive(uow, {credential.card for credential in credentials})

    def _advance(
        self,
        uow: UnitOfWork,
        gone: list[PublishedPermit],
        put: list[PublishedPermit],
        revision: int,
    ) -> None:
        for gateway in sorted({p.gateway for p in (*gone, *put)}):
            shift = weight_shift(
                (p.permit for p in gone if p.gateway == gateway),
                (p.permit for p in put if p.gateway == gateway),
            )
            uow.permits.advance(gateway, revision, shift)
        # A book tells the PINs of the cards that may open a door.
        with_pin = uow.rule_books.cards_with_pin()
        changed = {p.gateway for p in (*gone, *put) if p.permit.card.value in with_pin}
        uow.rule_books.rise(sorted(changed))

    def retire(self, uow: UnitOfWork) -> int:
        """Withdraw permits that have ended by themselves; return the revision."""
        return self.rederive(uow, uow.permits.ended(self._clock()))

    def answer(
        self, uow: UnitOfWork, request: PermitRequest
    ) -> PermitDelta | PermitSnapshot:
        """Return what a gateway lacks: a delta, or everything if its set is not ours.

        The delta is empty when it lacks nothing.
        """
        gateway, after = request.gateway, request.after
        ours = uow.permits.set_of(gateway)
        revision = Revision(ours.revision)
        if _known(uow, gateway, after, ours.revision) != request.digest:
            permits = tuple(uow.permits.of_gateway(gateway))
            return PermitSnapshot(gateway, revision, permits, ours.digest)
        removed, put = uow.permits.changed_since(gateway, after)
        return PermitDelta(
            gateway, after, revision, tuple(removed), tuple(put), ours.digest
        )

    def pushed(self, uow: UnitOfWork, gateway: str, revision: int) -> None:
        """Note that a gateway was handed everything up to a revision."""
        uow.hardware.pushed(gateway, revision, self._clock())

    def of_cards(self, uow: UnitOfWork, cards: Iterable[int]) -> tuple[PermitView, ...]:
        """Return the permits of cards and how far each has come at its door."""
        published = uow.permits.of_cards(cards)
        doors = {s.door.id: s for s in uow.hardware.statuses()} if published else {}
        return tuple(_view(p, doors[p.permit.door]) for p in published)

    def of_doors(
        self, uow: UnitOfWork, door: str | None = None
    ) -> tuple[DoorPermits, ...]:
        """Return how far the permits of one door, or of every door, have come."""
        counts = uow.permits.counts()
        return tuple(
            DoorPermits(status, counts.get(status.door.id, 0))
            for status in uow.hardware.statuses()
            if door is None or status.door.id == door
        )


def _known(uow: UnitOfWork, gateway: GatewayId, after: int, ours: int) -> bytes | None:
    """Return the digest we hold a gateway's set had at a revision."""
    if after == 0 and ours == 0:
        return NO_PERMITS
    return uow.permits.digest_at(gateway, after)


def _view(published: PublishedPermit, status: DoorStatus) -> PermitView:
    permit = published.permit
    return PermitView(
        permit.id,
        permit.card.value,
        status,
        permit.validity.start,
        permit.validity.end,
        published.revision,
        status.delivery(published.revision),
    )
