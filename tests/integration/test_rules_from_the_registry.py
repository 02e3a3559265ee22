"""The registry's own rules, PINs and orders, followed by the gateway's own parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from controller.cose import Signer
from controller.door_rules import DoorMode
from controller.doorkeeping.keeper import Doorkeeper
from controller.doorkeeping.rulings import Moment, Wanted
from controller.session import Command, OpenDoor
from controller.upkeep import RelayChanged
from controller.vocabulary import CardNumber, Decision, PermitId, Reason
from gateway import orders, rules
from gateway.clock import Clock
from gateway.doors import Door, Doors
from gateway.orders import Orders
from gateway.rules import Rules
from gateway.site import Site
from gateway.store.state import State
from gateway.uplink import Uplink
from registry.domain.orders import OrderState
from registry.domain.responsibility import Responsible
from tests.support.gateway_site import DECIDES_NOTHING, READER, door
from tests.support.registry_bench import (
    FRONT,
    GATEWAY,
    NOW,
    TENANT_CARD,
    Bench,
    registry,
)
from tests.support.rule_documents import EVERY_DAY, PLAIN, span
from tests.support.waiting import until

WHO = Responsible("王工", "换锁期间", "test")
ALL_DAY = span(EVERY_DAY, "00:00", "24:00")
TENANT = CardNumber(TENANT_CARD)


class Post:
    """A gateway with one reader, and the registry it belongs to."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.opened = bench, list[Command]()
        one = door(FRONT, READER, DECIDES_NOTHING)
        one.online = True
        self.site = Site(GATEWAY, Doors([one]), Clock(NOW.timestamp, lambda: 5.0))
        permit = Decision(True, Reason.PERMIT, PermitId(1))
        self.keeper = Doorkeeper(lambda *_: permit, {FRONT: 4.0})

    @asynccontextmanager
    async def manned(self, url: str, folder: Path) -> AsyncIterator[None]:
        """Run the parts that speak to the registry."""
        signer = Signer(self.bench.keys[GATEWAY], GATEWAY)
        public, state = self.bench.services.signer.key.public_key(), State(folder / "s")
        async with Uplink(url, signer, public) as uplink:
            book = Rules(self.site, state, self.keeper, uplink, lambda: None)
            self.orders = Orders(self.site, uplink, self.open, self.opened.append)
            tasks = [asyncio.create_task(each.run()) for each in (book, self.orders)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                state.close()

    async def open(self, door: Door, _until: float) -> bool:
        self.opened.append(OpenDoor(door.controller, door.unlock_seconds))
        self.orders.handle(RelayChanged(door.controller, 0, active=True))
        return True

    def put(self, document: dict[str, object]) -> None:
        with self.bench.services.store.writing() as uow:
            self.bench.services.door_rules.replace(uow, FRONT, document, WHO)

    def mode(self) -> DoorMode:
        return self.keeper.mode(FRONT, NOW)

    def order(self) -> int:
        with self.bench.services.store.writing() as uow:
            return self.bench.services.orders.open_door(uow, FRONT, WHO).number

    def state(self, number: int) -> OrderState:
        with self.bench.services.store.reading() as uow:
            return self.bench.services.orders.get(uow, number).state(NOW)


async def test_what_is_ruled_and_ordered_happens_at_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A registry that stops waits for the questions it keeps open.
    for module in (rules, orders):
        monkeypatch.setattr(module, "WAIT", 1)
    with registry(tmp_path) as bench, bench.client() as client:
        post = Post(bench)
        async with post.manned(str(client.base_url), tmp_path):
            post.put(PLAIN | {"mode": "unlocked"})
            await until(lambda: post.mode() is DoorMode.UNLOCKED)
            with bench.services.store.writing() as uow:
                bench.services.card_pins.set_pin(uow, TENANT_CARD, "4071", WHO)
            post.put(PLAIN | {"pin": [ALL_DAY]})
            await until(lambda: post.mode() is DoorMode.CONTROLLED)
            at = Moment(NOW, 0.0)
            (asked,) = post.keeper.card(FRONT, TENANT, at)
            assert asked.wanted is Wanted.PIN
            (ruling,) = post.keeper.keys(FRONT, "4072#", at)
            assert (ruling.opens, ruling.duress) == (True, True)
            number = post.order()
            await until(lambda: post.state(number) is OrderState.DONE)
        assert post.opened == [OpenDoor(READER, 4.0)]
