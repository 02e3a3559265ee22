"""Opening a door from afar: ordered by somebody, handed out once, answered."""

import secrets
from collections.abc import Callable
from datetime import datetime

from controller.uplink.formats import MOST_ORDERS
from controller.uplink.messages import (
    NONCE_SIZE,
    DoorOrder,
    DoorOrders,
    OrderRequest,
)
from controller.vocabulary import DoorId
from registry.audit.trail import Action, Deed, record
from registry.domain.errors import NotFound
from registry.domain.orders import (
    LIFE,
    PER_MINUTE,
    SHORTEST_LIFE,
    OpenOrder,
    check_pace,
)
from registry.domain.policy import Policy
from registry.domain.responsibility import Responsible
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.policy_in_force import on_record


class OrderService:
    """Takes orders, hands them to the gateway of their door, hears what came of it."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Keep orders as long as the policy says."""
        self._policy = policy
        self._clock = clock

    def open_door(
        self, uow: UnitOfWork, door: str, responsible: Responsible
    ) -> OpenOrder:
        """Order a door to open once; raises TooSoon when it was just opened."""
        status = uow.hardware.status(door)
        if status is None:
            raise NotFound(f"there is no door {door!r}")
        now = self._clock()
        check_pace(uow.orders.newest(door, PER_MINUTE), now)
        order = OpenOrder(
            number=0,
            door=door,
            gateway=status.gateway,
            by=responsible.by,
            reason=responsible.reason,
            created_at=now,
            expires_at=now + LIFE,
        )
        number = uow.orders.add(secrets.token_bytes(NONCE_SIZE), order)
        deed = Deed(
            responsible.signature,
            Action.DOOR_OPEN_ORDERED,
            f"door:{door}",
            responsible.reason,
        )
        record(uow, [deed], now)
        return self.get(uow, number)

    def get(self, uow: UnitOfWork, number: int) -> OpenOrder:
        """Return an order."""
        order = uow.orders.get(number)
        if order is None:
            raise NotFound(f"there is no order {number}")
        return order

    def of_door(self, uow: UnitOfWork, door: str, limit: int) -> list[OpenOrder]:
        """Return the newest orders for a door."""
        return uow.orders.newest(door, limit)

    def forget(self, uow: UnitOfWork) -> None:
        """Delete the orders that were given long enough ago."""
        keep = on_record(uow, self._policy).order_retention
        uow.orders.forget(self._clock() - keep.period)

    def heard(self, uow: UnitOfWork, asked: OrderRequest) -> None:
        """Keep what became of orders; what was never handed out is passed over."""
        now = self._clock()
        for result in asked.results:
            uow.orders.answered(asked.gateway, result, now)

    def any_for(self, uow: UnitOfWork, gateway: str) -> bool:
        """Say whether there is an order a gateway could still carry out."""
        usable = self._clock() + SHORTEST_LIFE
        return bool(uow.orders.waiting(gateway, usable, 1))

    def hand_out(self, uow: UnitOfWork, asked: OrderRequest) -> DoorOrders:
        """Return the orders for a gateway's doors, each of them this once only."""
        now = self._clock()
        named = uow.orders.waiting(asked.gateway, now + SHORTEST_LIFE, MOST_ORDERS)
        uow.orders.handed_out([each.order.number for each in named], now)
        orders = tuple(
            DoorOrder(
                each.nonce,
                DoorId(each.order.door),
                int((each.order.expires_at - now).total_seconds()),
            )
            for each in named
        )
        return DoorOrders(asked.gateway, asked.nonce, orders)
