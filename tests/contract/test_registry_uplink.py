"""The uplink as a gateway meets it: signed both ways, bounded, honest."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.cose import OVERHEAD, Signer
from controller.encoding import digest_of
from controller.uplink.codec import encode
from controller.uplink.formats import FORMATS
from controller.uplink.messages import (
    GENESIS,
    Message,
    PassageBatch,
    PermitDelta,
    PermitSnapshot,
    Receipt,
    chain,
)
from controller.vocabulary import GatewayId
from tests.support.registry_bench import (
    FRONT,
    GATEWAY,
    OTHER_GATEWAY,
    TENANT_CARD,
    Bench,
    batch,
    heartbeat,
    passage,
    registry,
    report,
)

PASSAGES, PERMITS, HEARTBEAT = (
    f"/api/gateways/{name}" for name in ("passages", "permits", "heartbeat")
)
EMPTY = bytes(32)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("uplink")) as ready:
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


@pytest.fixture
def epoch(bench: Bench) -> int:
    with bench.services.store.reading() as uow:
        return uow.passages.last_number() + 1


def messages(bench: Bench) -> dict[str, Message]:
    return {
        PASSAGES: batch([passage(1)], epoch=10**6),
        PERMITS: bench.request(0, EMPTY),
        HEARTBEAT: heartbeat(1, bench.now),
    }


def is_problem(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    return (
        answer.status_code == status == body["status"]
        and answer.headers["content-type"] == "application/problem+json"
        and bool(body["title"])
        and bool(body["detail"])
    )


def test_a_batch_gets_a_signed_receipt(
    bench: Bench, client: httpx.Client, epoch: int
) -> None:
    sent = batch([passage(1), passage(2)], epoch=epoch)
    answer = client.post(PASSAGES, content=bench.sign(sent))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/cose"
    receipt = bench.read(answer.content, Receipt)
    assert receipt == Receipt(GATEWAY, epoch, 2, chain(GENESIS, sent.entries))


def test_what_a_receipt_covers_is_committed(
    bench: Bench, client: httpx.Client, epoch: int
) -> None:
    answer = client.post(PASSAGES, content=bench.sign(batch([passage(7)], epoch=epoch)))
    assert answer.status_code == 200
    with bench.services.store.reading() as uow:
        (newest,) = uow.passages.of_door(FRONT, None, 1)
    assert newest.epoch == epoch or newest.controller_index == 7


def test_a_gap_says_where_to_go_on(
    bench: Bench, client: httpx.Client, epoch: int
) -> None:
    sent = batch([passage(1)], first=5, epoch=epoch)
    receipt = bench.read(
        client.post(PASSAGES, content=bench.sign(sent)).content, Receipt
    )
    assert receipt.upto == 0


def test_a_fork_is_a_conflict_and_is_kept_on_record(
    bench: Bench, client: httpx.Client, epoch: int
) -> None:
    before = client.get("/api/figures").json()["forks"]
    client.post(PASSAGES, content=bench.sign(batch([passage(1)], epoch=epoch)))
    forged = bench.sign(batch([passage(2)], epoch=epoch))
    assert is_problem(client.post(PASSAGES, content=forged), 409)
    assert client.get("/api/figures").json()["forks"] == before + 1


def test_an_unreadable_line_is_receipted_and_on_record_as_a_hole(
    bench: Bench, client: httpx.Client, epoch: int
) -> None:
    sent = batch([passage(1), b"\x00"], epoch=epoch)
    answer = client.post(PASSAGES, content=bench.sign(sent))
    receipt = bench.read(answer.content, Receipt)
    assert receipt == Receipt(GATEWAY, epoch, 2, chain(GENESIS, sent.entries))
    page = client.get("/api/holes").json()
    newest = page["holes"][-1]
    assert (newest["epoch"], newest["first"], newest["last"]) == (epoch, 2, 2)
    assert (newest["gateway"], bool(newest["reason"])) == (GATEWAY, True)
    assert client.get("/api/figures").json()["holes"] == len(page["holes"])
    onward = client.get("/api/holes", params={"after": page["next"]}).json()
    assert onward == {"holes": [], "next": page["next"]}


@pytest.mark.parametrize("path", [PASSAGES, PERMITS, HEARTBEAT])
class TestWhoMaySpeak:
    def test_a_stranger(self, bench: Bench, client: httpx.Client, path: str) -> None:
        signer = Signer(Ed25519PrivateKey.generate(), "gateway-9")
        sent = encode(messages(bench)[path], signer)
        assert is_problem(client.post(path, content=sent), 401)

    def test_a_forger(self, bench: Bench, client: httpx.Client, path: str) -> None:
        signer = Signer(Ed25519PrivateKey.generate(), GATEWAY)
        sent = encode(messages(bench)[path], signer)
        assert is_problem(client.post(path, content=sent), 401)

    def test_another_gateway(
        self, bench: Bench, client: httpx.Client, path: str
    ) -> None:
        sent = bench.sign(messages(bench)[path], OTHER_GATEWAY)
        assert is_problem(client.post(path, content=sent), 401)

    def test_a_message_of_another_kind(
        self, bench: Bench, client: httpx.Client, path: str
    ) -> None:
        wrong = bench.sign(Receipt(GATEWAY, 1, 1, GENESIS))
        assert is_problem(client.post(path, content=wrong), 400)

    @pytest.mark.parametrize("body", [b"", b"\x80", b"\xff" * 100, b"{}"])
    def test_any_bytes(self, client: httpx.Client, path: str, body: bytes) -> None:
        assert is_problem(client.post(path, content=body), 400)

    def test_a_body_that_is_too_large(
        self, bench: Bench, client: httpx.Client, path: str
    ) -> None:
        limit = FORMATS[type(messages(bench)[path])].limit + OVERHEAD
        assert is_problem(client.post(path, content=bytes(limit + 1)), 413)

    def test_a_body_that_never_ends(
        self, bench: Bench, client: httpx.Client, path: str
    ) -> None:
        """A body without a length is cut off once it is too large."""
        limit = FORMATS[type(messages(bench)[path])].limit + OVERHEAD
        pieces = iter([bytes(limit)] * 3)
        try:
            assert is_problem(client.post(path, content=pieces), 413)
        except (httpx.WriteError, httpx.RemoteProtocolError):
            assert next(pieces, None) is not None, "it was cut off while sending"

    def test_the_wrong_method(self, client: httpx.Client, path: str) -> None:
        assert is_problem(client.get(path), 405)


def test_a_gateway_that_was_not_enrolled_may_not_speak(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with registry(tmp_path_factory.mktemp("strangers"), seeded=False) as bench:
        bench.seed()
        with bench.client() as client:
            sent = bench.sign(bench.request(0, EMPTY))
            assert is_problem(client.post(PERMITS, content=sent), 401)


def ask(
    bench: Bench, client: httpx.Client, after: int, digest: bytes, wait: int
) -> Message:
    sent = bench.sign(bench.request(after, digest, wait))
    answer = client.post(PERMITS, content=sent, timeout=wait + 10)
    assert answer.status_code == 200, answer.text
    return bench.read(answer.content, PermitDelta, PermitSnapshot)


def whole_of(bench: Bench, client: httpx.Client) -> PermitSnapshot:
    whole = ask(bench, client, 10**9, EMPTY, 30)
    assert isinstance(whole, PermitSnapshot)
    return whole


def test_a_snapshot_comes_at_once_and_counts_as_pushed(
    bench: Bench, client: httpx.Client
) -> None:
    whole = whole_of(bench, client)
    assert whole.digest == digest_of(whole.permits)
    doors = {d["id"]: d for d in client.get("/api/doors").json()["doors"]}
    assert doors[FRONT]["pushed"] == doors[FRONT]["wanted"] > 0


def test_nothing_new_is_an_empty_delta(bench: Bench, client: httpx.Client) -> None:
    whole = whole_of(bench, client)
    delta = ask(bench, client, whole.revision, whole.digest, 0)
    assert delta == PermitDelta(
        GATEWAY, whole.revision, whole.revision, (), (), whole.digest
    )


def test_a_waiting_gateway_is_woken_by_a_change(
    bench: Bench, client: httpx.Client
) -> None:
    """Also by one of another process: the change is made past the application."""
    whole = whole_of(bench, client)
    changer = threading.Timer(0.3, bench.issue, (7001, "P1"))
    started = time.monotonic()
    changer.start()
    delta = ask(bench, client, whole.revision, whole.digest, 30)
    changer.join()
    assert isinstance(delta, PermitDelta)
    assert {p.card.value for p in delta.put} == {7001}
    assert time.monotonic() - started < 20, "it did not wait for the end"


def test_many_wait_without_holding_the_database(
    bench: Bench, client: httpx.Client
) -> None:
    """More waiters than connections and threads leave the others served."""
    whole = whole_of(bench, client)
    sent = bench.sign(bench.request(whole.revision, whole.digest, 30))
    answers: list[int] = []

    def wait() -> None:
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            answers.append(own.post(PERMITS, content=sent).status_code)

    waiters = [threading.Thread(target=wait) for _ in range(60)]
    for waiter in waiters:
        waiter.start()
    assert client.get("/readyz", timeout=20).status_code == 200
    bench.issue(7002, "P1")
    for waiter in waiters:
        waiter.join()
    assert answers == [200] * len(waiters)


def test_a_heartbeat_acknowledges_and_reports(
    bench: Bench, client: httpx.Client
) -> None:
    whole = whole_of(bench, client)
    sent = heartbeat(10, bench.now, report(FRONT, whole.revision))
    answer = client.post(HEARTBEAT, content=bench.sign(sent))
    assert (answer.status_code, answer.content) == (204, b"")
    (door,) = client.get("/api/permits", params={"door": FRONT}).json()["doors"]
    assert door["in_force"] is True
    assert door["acknowledged"] == whole.revision
    assert client.get("/api/figures").json()["doors_online"] == 1


def test_a_cancelled_card_reaches_a_waiting_gateway(
    bench: Bench, client: httpx.Client
) -> None:
    whole = whole_of(bench, client)
    cancelled = client.post(
        f"/api/credentials/{TENANT_CARD}/cancel", json={"reason": "given back"}
    )
    delta = ask(bench, client, whole.revision, whole.digest, 30)
    assert isinstance(delta, PermitDelta)
    assert delta.revision == cancelled.json()["revision"]
    assert delta.removed


def test_batches_from_many_threads_are_each_stored_once(
    bench: Bench, client: httpx.Client, epoch: int
) -> None:
    entries = [passage(n) for n in range(8)]
    whole = batch(entries, epoch=epoch)
    heads = [
        PassageBatch(GatewayId(GATEWAY), epoch, 1, GENESIS, whole.entries[: n + 1])
        for n in range(8)
    ]

    def send(head: PassageBatch) -> None:
        with httpx.Client(base_url=client.base_url) as own:
            own.post(PASSAGES, content=bench.sign(head))

    threads = [threading.Thread(target=send, args=(head,)) for head in heads * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with bench.services.store.reading() as uow:
        stored = [p.seq for p in uow.passages.after(0, 10_000) if p.epoch == epoch]
    assert stored == list(range(1, 9))
