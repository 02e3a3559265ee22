"""Commissioning records as a gateway hands them in: signed, once, for its own doors."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.cose import OVERHEAD, Signer
from controller.uplink.codec import encode
from controller.uplink.commissioning import (
    CommissioningRecord,
    digest_of_record,
    sign_record,
)
from controller.uplink.formats import FORMATS
from controller.uplink.messages import CommissioningReceipt, CommissioningReport
from controller.vocabulary import ControllerId, GatewayId
from gateway.commissioned import Commissioned
from gateway.commissioning.keeping import write_record
from gateway.uplink import Uplink
from registry.audit.trail import Action
from registry.persistence.audit_entries import AuditEntries
from tests.support.commissioning import RECORD
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    OTHER_GATEWAY,
    Bench,
    registry,
)

PATH = "/api/gateways/commissioning"
FOUND = replace(RECORD, door=FRONT, controller=ControllerId("reader-001"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def signed(
    bench: Bench, record: CommissioningRecord, gateway: GatewayId = GATEWAY
) -> bytes:
    return sign_record(record, Signer(bench.keys[gateway], gateway))


def report(bench: Bench, record: bytes, gateway: GatewayId = GATEWAY) -> bytes:
    return bench.sign(CommissioningReport(gateway, record), gateway)


def kept(bench: Bench) -> list[CommissioningRecord]:
    with bench.services.store.reading() as uow:
        return [found.record for found in uow.commissioning.all()]


def test_a_record_is_kept_once_however_often_it_comes(
    bench: Bench, client: httpx.Client
) -> None:
    record = signed(bench, FOUND)
    receipt = CommissioningReceipt(GATEWAY, digest_of_record(record))
    for _ in range(3):
        answer = client.post(PATH, content=report(bench, record))
        assert answer.headers["content-type"] == "application/cose"
        assert bench.read(answer.content, CommissioningReceipt) == receipt
    assert kept(bench) == [FOUND]
    with bench.services.store.reading() as uow:
        deeds = AuditEntries(uow.session).of_subject(f"door:{FRONT}")
        (deed,) = [d for d in deeds if d.action == Action.READER_COMMISSIONED]
    assert deed.actor == "operator:op-07 via gateway:gateway-1"


@pytest.mark.parametrize("record", [b"", b"\x80", b"x" * 1024])
def test_what_is_no_record_is_refused_and_nothing_is_kept(
    bench: Bench, client: httpx.Client, record: bytes
) -> None:
    answer = client.post(PATH, content=report(bench, record))
    assert answer.status_code == 400
    assert kept(bench) == []


def test_a_record_somebody_else_signed_is_refused(
    bench: Bench, client: httpx.Client
) -> None:
    stranger = Signer(Ed25519PrivateKey.generate(), GATEWAY)
    for record in (
        sign_record(FOUND, stranger),
        signed(bench, FOUND, OTHER_GATEWAY),
    ):
        answer = client.post(PATH, content=report(bench, record))
        assert answer.status_code == 401
    message = CommissioningReport(GATEWAY, signed(bench, FOUND))
    assert client.post(PATH, content=encode(message, stranger)).status_code == 401
    assert kept(bench) == []


def test_a_body_larger_than_any_record_is_not_read(client: httpx.Client) -> None:
    limit = FORMATS[CommissioningReport].limit + OVERHEAD
    assert client.post(PATH, content=bytes(limit + 1)).status_code == 413


def test_a_door_is_in_service_by_the_word_of_its_own_gateway_only(
    bench: Bench, client: httpx.Client
) -> None:
    for record, gateway in (
        (FOUND, GATEWAY),
        (replace(FOUND, door=BACK), GATEWAY),
        (replace(FOUND, door=FAR, controller=ControllerId("reader-002")), GATEWAY),
    ):
        body = report(bench, signed(bench, record, gateway), gateway)
        assert client.post(PATH, content=body).status_code == 200
    with bench.services.store.reading() as uow:
        doors = bench.services.commissioning.doors(uow)
        told = {each.status.door.id: each.last is not None for each in doors}
        _, records = bench.services.commissioning.door(uow, FAR)
    assert told == {FRONT: True, BACK: False, FAR: False}
    assert records == ()


async def test_what_the_wizard_left_arrives(
    bench: Bench, client: httpx.Client, tmp_path: Path
) -> None:
    signer = Signer(bench.keys[GATEWAY], GATEWAY)
    path = write_record(tmp_path, FOUND, signer)
    again = path.read_bytes()
    public = bench.services.signer.key.public_key()
    async with Uplink(str(client.base_url), signer, public) as uplink:
        await Commissioned(tmp_path, uplink).deliver()
        # As after a kill between the receipt and the move.
        path.write_bytes(again)
        await Commissioned(tmp_path, uplink).deliver()
    assert kept(bench) == [FOUND]
    assert not path.exists()
