"""The registry's will reaches the gateway: one long poll after another."""

from collections.abc import Callable

from controller.uplink.messages import PermitDelta, PermitRequest, PermitSnapshot
from gateway.delivery import Delivery
from gateway.errors import UplinkFailed
from gateway.permits import NOTHING, Permits
from gateway.polling import WAIT, keep_asking
from gateway.site import Site
from gateway.uplink import Uplink


class Sync:
    """Keeps the permits at the registry's revision."""

    def __init__(
        self,
        site: Site,
        permits: Permits,
        uplink: Uplink,
        delivery: Delivery,
        relieve: Callable[[], object],
    ) -> None:
        """`relieve` makes room on a disk that took no permits."""
        self._gateway = site.gateway
        self._permits = permits
        self._uplink = uplink
        self._delivery = delivery
        self._relieve = relieve
        self._after = permits.revision

    async def run(self) -> None:
        """Ask until cancelled."""
        await keep_asking("permits", lambda: self.once(WAIT), self._relieve)

    async def once(self, wait: int) -> None:
        """Ask once and apply the answer."""
        request = PermitRequest(self._gateway, self._after, self._permits.digest, wait)
        answer: PermitDelta | PermitSnapshot = await self._uplink.ask(
            request, PermitDelta, PermitSnapshot, wait=wait
        )
        if answer.gateway != self._gateway:
            raise UplinkFailed(f"the permits are for {answer.gateway}, not for us")
        if isinstance(answer, PermitSnapshot):
            if await self._permits.replace(answer):
                self._delivery.replaced()
        elif answer.revision != answer.base or answer.removed or answer.put:
            await self._apply(answer)
        self._check(answer)

    async def _apply(self, delta: PermitDelta) -> None:
        before = self._permits.revision
        if delta.base != before:
            self._after = NOTHING
            raise UplinkFailed(f"a delta from {delta.base} while we are at {before}")
        changes = await self._permits.apply(delta)
        if self._permits.digest == delta.digest:
            self._delivery.changed(before, changes)

    def _check(self, answer: PermitDelta | PermitSnapshot) -> None:
        """Ask for everything next time unless we hold what the registry meant."""
        if self._permits.digest == answer.digest:
            self._after = self._permits.revision
            return
        self._after = NOTHING
        raise UplinkFailed(f"the permits of revision {answer.revision} do not add up")
