"""Records of commissioned readers go to the registry, each until its receipt."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

from controller.errors import MessageRefused
from controller.uplink.commissioning import (
    LARGEST_RECORD,
    digest_of_record,
    open_record,
)
from controller.uplink.messages import CommissioningReceipt, CommissioningReport
from controller.vocabulary import GatewayId
from gateway.backoff import Backoff
from gateway.errors import UplinkFailed
from gateway.uplink import Uplink

FOLDER, DELIVERED = "commissioning", "delivered"
"""Where records are written, and the folder in it of those the registry has."""
PERIOD = 60.0
"""Seconds between two looks for new records."""
LOG = logging.getLogger(__name__)


class Commissioned:
    """Hands in what the wizard left, whether the gateway ran then or not.

    The registry takes a record as often as it comes and keeps it once, so a kill at
    any moment costs nothing: a record without a receipt is handed in again.
    """

    def __init__(self, data: Path, uplink: Uplink) -> None:
        """Take the data folder and the way to the registry, with our own key."""
        signer = uplink.signer
        self._folder = data / FOLDER
        self._gateway = GatewayId(signer.name)
        self._keys = {signer.name: signer.key.public_key()}
        self._uplink = uplink
        self._refused: set[Path] = set()

    async def run(self) -> None:
        """Look for records until cancelled."""
        backoff = Backoff()
        while True:
            try:
                await self.deliver()
            except (UplinkFailed, OSError) as error:
                LOG.warning("commissioning records wait: %s", error)
                await asyncio.sleep(backoff.pause())
            else:
                backoff.reset()
                await asyncio.sleep(PERIOD)

    async def deliver(self) -> None:
        """Hand in every record; one that fails stops no other, and is raised then."""
        failed: UplinkFailed | None = None
        for path, record in await asyncio.to_thread(lambda: list(self._waiting())):
            try:
                await self._hand_in(record)
            except UplinkFailed as error:
                failed = error
            else:
                await asyncio.to_thread(_put_away, path)
                LOG.info("%s: the registry has it", path.name)
        if failed is not None:
            raise failed

    async def _hand_in(self, record: bytes) -> None:
        report = CommissioningReport(self._gateway, record)
        receipt = await self._uplink.ask(report, CommissioningReceipt)
        expected = CommissioningReceipt(self._gateway, digest_of_record(record))
        if receipt != expected:
            raise UplinkFailed("the receipt is for another record")

    def _waiting(self) -> Iterator[tuple[Path, bytes]]:
        """Go through what is to be handed in; what is none of ours stays, told once."""
        for path in sorted(self._folder.glob("*.cose")):
            if path in self._refused:
                continue
            with path.open("rb") as file:
                record = file.read(LARGEST_RECORD + 1)
            try:
                open_record(record, self._keys.get)
            except MessageRefused as error:
                LOG.error("%s is no record of ours: %s", path, error)  # noqa: TRY400 - the reason says it all
                self._refused.add(path)
            else:
                yield path, record


def _put_away(path: Path) -> None:
    folder = path.parent / DELIVERED
    folder.mkdir(mode=0o700, exist_ok=True)
    path.replace(folder / path.name)
