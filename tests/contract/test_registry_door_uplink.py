"""Rules and orders on their way to doors: signed both ways, once, and never astray."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.cose import Signer
from controller.uplink.codec import encode
from controller.uplink.messages import (
    GENESIS,
    LONGEST_ORDER,
    NONCE_SIZE,
    DoorOrders,
    DoorRuleBook,
    Message,
    OrderOutcome,
    OrderRequest,
    OrderResult,
    Receipt,
    RulesRequest,
)
from controller.vocabulary import GatewayId, Revision
from registry.domain.errors import NotFound
from registry.domain.responsibility import Responsible
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    OTHER_GATEWAY,
    Bench,
    registry,
)
from tests.support.rule_documents import OFFICE, PLAIN

RULES, ORDERS = "/api/gateways/rules", "/api/gateways/orders"
NONCE = bytes(range(NONCE_SIZE))
WHO = Responsible("王工", "快递送货", "test")
PATIENCE = 30


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def ask_rules(
    bench: Bench,
    client: httpx.Client,
    after: int = 0,
    wait: int = 0,
    gateway: GatewayId = GATEWAY,
) -> DoorRuleBook:
    asked = RulesRequest(gateway, Revision(after), wait)
    answer = client.post(
        RULES, content=bench.sign(asked, gateway), timeout=wait + PATIENCE
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/cose"
    return bench.read(answer.content, DoorRuleBook)


def ask_orders(
    bench: Bench,
    client: httpx.Client,
    wait: int = 0,
    results: tuple[OrderResult, ...] = (),
    gateway: GatewayId = GATEWAY,
) -> DoorOrders:
    asked = OrderRequest(gateway, NONCE, wait, results)
    answer = client.post(
        ORDERS, content=bench.sign(asked, gateway), timeout=wait + PATIENCE
    )
    assert answer.status_code == 200, answer.text
    found = bench.read(answer.content, DoorOrders)
    assert (found.gateway, found.nonce) == (gateway, NONCE)
    return found


def put(bench: Bench, document: dict[str, object] = OFFICE, door: str = FRONT) -> int:
    with bench.services.store.writing() as uow:
        return bench.services.door_rules.replace(uow, door, document, WHO).revision


def order(bench: Bench, door: str = FRONT) -> int:
    with bench.services.store.writing() as uow:
        return bench.services.orders.open_door(uow, door, WHO).number


def state(bench: Bench, number: int) -> str:
    with bench.services.store.reading() as uow:
        found = bench.services.orders.get(uow, number)
    return found.state(bench.now).value


def asked_by(path: str, gateway: GatewayId = GATEWAY) -> Message:
    if path == RULES:
        return RulesRequest(gateway, Revision(0))
    return OrderRequest(gateway, NONCE)


@pytest.mark.parametrize("path", [RULES, ORDERS])
class TestWhoMaySpeak:
    def test_a_stranger(self, client: httpx.Client, path: str) -> None:
        signer = Signer(Ed25519PrivateKey.generate(), "gateway-9")
        sent = encode(asked_by(path), signer)
        assert client.post(path, content=sent).status_code == 401

    def test_a_forger(self, client: httpx.Client, path: str) -> None:
        signer = Signer(Ed25519PrivateKey.generate(), GATEWAY)
        sent = encode(asked_by(path), signer)
        assert client.post(path, content=sent).status_code == 401

    def test_another_gateway(
        self, bench: Bench, client: httpx.Client, path: str
    ) -> None:
        sent = bench.sign(asked_by(path), OTHER_GATEWAY)
        answer = client.post(path, content=sent)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"

    def test_a_message_of_another_kind_and_any_bytes(
        self, bench: Bench, client: httpx.Client, path: str
    ) -> None:
        for body in (bench.sign(Receipt(GATEWAY, 1, 1, GENESIS)), b"", b"\xff" * 99):
            assert client.post(path, content=body).status_code == 400
        assert client.post(path, content=bytes(20_000)).status_code == 413


def test_a_book_comes_at_once_and_only_when_it_is_other(
    bench: Bench, client: httpx.Client
) -> None:
    revision = put(bench)
    told = ask_rules(bench, client, wait=PATIENCE)
    assert (told.gateway, told.book.revision) == (GATEWAY, revision)
    assert [rules.door for rules in told.book.doors] == [FRONT]
    assert told.book.special_days
    again = ask_rules(bench, client, after=revision)
    assert (again.book.revision, again.book.doors) == (revision, ())
    assert again.book.special_days == {}


def test_a_book_holds_the_doors_of_its_gateway_only(
    bench: Bench, client: httpx.Client
) -> None:
    put(bench, door=FAR)
    put(bench)
    here = ask_rules(bench, client).book
    there = ask_rules(bench, client, gateway=OTHER_GATEWAY).book
    assert [rules.door for rules in here.doors] == [FRONT]
    assert [rules.door for rules in there.doors] == [FAR]


def test_a_gateway_ahead_of_a_restored_registry_gets_what_there_is(
    bench: Bench, client: httpx.Client
) -> None:
    revision = put(bench)
    told = ask_rules(bench, client, after=10**6, wait=PATIENCE)
    assert told.book.revision == revision


def in_background(ask: threading.Thread) -> threading.Thread:
    ask.start()
    return ask


def test_a_waiting_gateway_hears_of_a_change(
    bench: Bench, client: httpx.Client
) -> None:
    revision = put(bench)
    heard: list[DoorRuleBook] = []
    poll = in_background(
        threading.Thread(
            target=lambda: heard.append(
                ask_rules(bench, client, after=revision, wait=PATIENCE)
            )
        )
    )
    started = time.monotonic()
    changed = put(bench, PLAIN | {"mode": "locked"})
    poll.join()
    assert time.monotonic() - started < PATIENCE
    assert heard[0].book.revision == changed


def test_asking_from_a_revision_says_that_it_is_in_force(
    bench: Bench, client: httpx.Client
) -> None:
    revision = put(bench)
    place = f"/api/doors/{FRONT}/rules"
    assert client.get(place).json()["delivery"] == "wanted"
    ask_rules(bench, client)
    assert client.get(place).json()["delivery"] == "pushed"
    ask_rules(bench, client, after=revision)
    assert client.get(place).json()["delivery"] == "acknowledged"


def test_an_order_is_handed_out_once_to_its_own_gateway(
    bench: Bench, client: httpx.Client
) -> None:
    first, second = order(bench), order(bench, BACK)
    assert ask_orders(bench, client, gateway=OTHER_GATEWAY).orders == ()
    assert state(bench, first) == "waiting"
    handed = ask_orders(bench, client, wait=PATIENCE).orders
    assert [(each.door, each.lives) for each in handed] == [
        (FRONT, LONGEST_ORDER),
        (BACK, LONGEST_ORDER),
    ]
    assert len({each.nonce for each in handed}) == 2
    assert ask_orders(bench, client).orders == ()
    assert {state(bench, number) for number in (first, second)} == {"handed_out"}


def test_a_waiting_gateway_gets_an_order_at_once(
    bench: Bench, client: httpx.Client
) -> None:
    heard: list[DoorOrders] = []
    poll = in_background(
        threading.Thread(
            target=lambda: heard.append(ask_orders(bench, client, wait=PATIENCE))
        )
    )
    number = order(bench)
    poll.join()
    assert [each.door for each in heard[0].orders] == [FRONT]
    assert state(bench, number) == "handed_out"


def test_an_order_lives_as_long_as_is_left_of_it_and_then_is_late(
    bench: Bench, client: httpx.Client
) -> None:
    order(bench)
    bench.now += timedelta(seconds=2.5)
    (handed,) = ask_orders(bench, client).orders
    assert handed.lives == 2
    bench.now += timedelta(minutes=2)
    late = order(bench)
    bench.now += timedelta(seconds=4.5)
    assert ask_orders(bench, client).orders == ()
    assert state(bench, late) == "late"


@pytest.mark.parametrize("outcome", OrderOutcome)
def test_what_became_of_an_order_is_kept(
    bench: Bench, client: httpx.Client, outcome: OrderOutcome
) -> None:
    number = order(bench)
    (handed,) = ask_orders(bench, client).orders
    result = OrderResult(handed.nonce, outcome)
    ask_orders(bench, client, results=(result,))
    assert state(bench, number) == outcome.value
    other = next(each for each in OrderOutcome if each is not outcome)
    ask_orders(bench, client, results=(OrderResult(handed.nonce, other),))
    assert state(bench, number) == outcome.value, "the first answer stays"


def test_results_that_are_not_its_own_change_nothing(
    bench: Bench, client: httpx.Client
) -> None:
    number = order(bench)
    (handed,) = ask_orders(bench, client).orders
    result = OrderResult(handed.nonce, OrderOutcome.FAILED)
    ask_orders(bench, client, results=(result,), gateway=OTHER_GATEWAY)
    strange = OrderResult(bytes(NONCE_SIZE), OrderOutcome.DONE)
    ask_orders(bench, client, results=(strange,))
    assert state(bench, number) == "handed_out"


def test_orders_are_kept_as_long_as_the_policy_says(bench: Bench) -> None:
    number = order(bench)
    bench.now += bench.services.policy.order_retention.period
    bench.services.retirement.look()
    assert state(bench, number) == "late"
    bench.now += timedelta(seconds=1)
    bench.services.retirement.look()
    with pytest.raises(NotFound):
        state(bench, number)
    assert order(bench) == number + 1


def test_an_order_nobody_was_handed_cannot_be_answered(
    bench: Bench, client: httpx.Client
) -> None:
    number = order(bench)
    with bench.services.store.reading() as uow:
        (waiting,) = uow.orders.waiting(GATEWAY, bench.now, 1)
    ask_orders(
        bench,
        client,
        results=(OrderResult(waiting.nonce, OrderOutcome.DONE),),
        gateway=OTHER_GATEWAY,
    )
    assert state(bench, number) == "waiting"
