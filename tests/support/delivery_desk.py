"""Delivery at a small site, told what a registry and a lock would tell it."""

from collections.abc import Sequence

from controller.encoding import digest_of
from controller.session import Online, PermitsApplied
from controller.uplink.messages import PermitDelta, PermitSnapshot
from controller.vocabulary import DoorId, GatewayId, Permit, PermitId, Revision
from gateway.delivery import Delivery
from gateway.permits import Permits
from gateway.store.state import State
from tests.support.gateway_site import LOCK, Sent, site

GATEWAY = GatewayId("gateway-1")


class Desk:
    """A lock at the back that was online with nothing when revision 5 arrived."""

    def __init__(self, state: State) -> None:
        self.state, self.sent, self.site = state, Sent(), site()
        self.permits = Permits(state)
        self.delivery = Delivery(self.site, self.permits, state, self.sent.send)

    async def snapshot(self, revision: int, permits: Sequence[Permit]) -> None:
        await self.permits.replace(
            PermitSnapshot(
                GATEWAY, Revision(revision), tuple(permits), digest_of(permits)
            )
        )
        self.delivery.replaced()

    async def delta(
        self, revision: int, removed: Sequence[int] = (), put: Sequence[Permit] = ()
    ) -> None:
        before = self.permits.revision
        gone = tuple(map(PermitId, removed))
        changes = await self.permits.apply(
            PermitDelta(GATEWAY, before, Revision(revision), gone, tuple(put), b"")
        )
        self.delivery.changed(before, changes)

    def online(self, *held: Permit) -> None:
        self.site.doors.of(LOCK).online = True
        self.delivery.handle(Online(LOCK, True, Revision(0), digest_of(held)))

    def applied(self, *held: Permit) -> None:
        self.delivery.handle(PermitsApplied(LOCK, Revision(0), digest_of(held)))

    def in_force(self) -> dict[DoorId, int]:
        assert (
            self.state.acknowledged().items()
            <= {door.id: door.acknowledged for door in self.site.doors}.items()
        )
        return {door.id: door.acknowledged for door in self.site.doors}
