"""Orders to open a door: where they stand as time passes, and how often they come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.uplink.messages import OrderOutcome
from registry.domain.errors import TooSoon
from registry.domain.orders import LIFE, PER_MINUTE, OpenOrder, OrderState, check_pace

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
ORDER = OpenOrder(1, "door-1", "gateway-1", "王工", "快递", NOW, NOW + LIFE)
SENT = replace(ORDER, handed_at=NOW)


@pytest.mark.parametrize(
    ("order", "seconds", "state"),
    [
        (ORDER, 0, OrderState.WAITING),
        (ORDER, 4, OrderState.WAITING),
        (ORDER, 4.1, OrderState.LATE),
        (ORDER, 3600, OrderState.LATE),
        (SENT, 3600, OrderState.UNANSWERED),
        (SENT, 5, OrderState.HANDED_OUT),
    ],
)
def test_an_order_ages(order: OpenOrder, seconds: float, state: OrderState) -> None:
    assert order.state(NOW + timedelta(seconds=seconds)) is state


@pytest.mark.parametrize("outcome", OrderOutcome)
def test_an_outcome_stays(outcome: OrderOutcome) -> None:
    order = replace(SENT, outcome=outcome, answered_at=NOW)
    for seconds in (0, 3600):
        assert order.state(NOW + timedelta(seconds=seconds)) == outcome.value


def wait_for(orders: list[OpenOrder], now: datetime) -> int:
    with pytest.raises(TooSoon) as caught:
        check_pace(orders, now)
    assert str(caught.value.seconds) in str(caught.value)
    return caught.value.seconds


def test_a_second_order_waits_for_the_first() -> None:
    check_pace([], NOW)
    assert wait_for([ORDER], NOW) == 5
    assert wait_for([SENT], NOW + timedelta(seconds=4)) == 5
    check_pace([ORDER], NOW + LIFE)
    check_pace([replace(SENT, outcome=OrderOutcome.DONE)], NOW)


def test_a_door_opens_so_many_times_a_minute() -> None:
    done = replace(SENT, outcome=OrderOutcome.DONE)
    orders = [
        replace(done, created_at=NOW + timedelta(seconds=5 * n))
        for n in range(PER_MINUTE)
    ]
    check_pace(orders[1:], NOW + timedelta(seconds=40))
    assert wait_for(orders, NOW + timedelta(seconds=40)) == 21
    check_pace(orders, NOW + timedelta(seconds=60))
