"""What lies in the data folder is not what was written: the gateway starts anyway."""

import asyncio
import errno
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from controller.encoding import digest_of
from controller.uplink.messages import GENESIS, chain
from controller.vocabulary import Revision
from gateway.delivery import Delivery
from gateway.device import create_key, read_key
from gateway.errors import FileDamaged, GatewayError, StoreFailed
from gateway.permits import Permits
from gateway.store.ballast import Ballast
from gateway.store.outbox import Outbox
from gateway.store.segment import Segment
from gateway.store.state import State
from gateway.sync import Sync
from tests.support.gateway_registry import Registry
from tests.support.gateway_site import BACK, FRONT, Sent, permit, site
from tests.support.gateway_store import (
    NOON,
    cursor,
    entries,
    entry,
    open_outbox,
    pending,
    spoil,
)

EPOCH = int(NOON.timestamp())
PERMITS = (permit(1), permit(2), permit(3, BACK))
SPOIL_ONE = "UPDATE permit SET body = x'00' WHERE id = 1"


# The outbox.


@pytest.mark.parametrize(
    "name", ["copy.db", "-5.db", "1e9.db", "²³.db", "notes.txt", f"{EPOCH}.db.bak"]
)
def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path, name: str) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append(entries(0, 2), cursor(2))
    outbox.close()
    stranger = tmp_path / "outbox" / name
    stranger.write_bytes(b"mine")
    with closing(open_outbox(tmp_path)) as again:
        assert (again.active, again.set_aside_count) == (EPOCH, 0)
        assert pending(again, EPOCH) == entries(0, 2)
    assert stranger.read_bytes() == b"mine"


def test_an_epoch_set_aside_is_not_begun_again(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    (folder / f"{EPOCH + 7}.forked").write_bytes(b"")
    with closing(open_outbox(tmp_path)) as outbox:
        assert outbox.active == EPOCH + 8


def test_a_damaged_last_segment_does_not_make_an_older_one_active(
    tmp_path: Path,
) -> None:
    now = [NOON.timestamp()]
    outbox = open_outbox(tmp_path, lambda: now[0])
    outbox.append([entry(0)], cursor(1))
    now[0] += 86_400
    outbox.append([entry(1)], cursor(2))
    outbox.close()
    (tmp_path / "outbox" / f"{EPOCH + 86_400}.db").write_bytes(b"torn" * 999)
    with closing(open_outbox(tmp_path)) as again:
        assert again.epochs() == (EPOCH, EPOCH + 86_401)
        assert again.backlog() == EPOCH
        assert again.cursors == cursor(1), "the door repeats what is lost here"
        again.append([entry(1)], cursor(2))
        read = again.read(again.active, 10)
    assert read is not None
    assert read.previous == chain(GENESIS, [entry(0)])


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE receipt",
        "DELETE FROM receipt",
        "DROP TABLE cursor",
        "UPDATE cursor SET idx = 'many'",
    ],
)
def test_a_segment_without_its_parts_is_damaged(tmp_path: Path, statement: str) -> None:
    with closing(Segment.create(tmp_path, 5, GENESIS, cursor(1))):
        pass
    spoil(tmp_path / "5.db", statement)
    with pytest.raises(FileDamaged, match=r"5\.db is damaged"):
        Segment(tmp_path / "5.db")


def test_a_missing_row_ends_a_batch_and_begins_the_next_after_a_loss(
    tmp_path: Path,
) -> None:
    with closing(Segment.create(tmp_path, 5, GENESIS, {})) as segment:
        segment.append(entries(0, 6), {}, 0)
        spoil(tmp_path / "5.db", "DELETE FROM entry WHERE seq = 3")
        head = segment.read(100)
        assert head is not None
        assert (head.first, head.entries) == (1, tuple(entries(0, 2)))
        segment.settle(2, chain(GENESIS, entries(0, 2)))
        rest = segment.read(100)
        assert rest is not None
        assert (rest.first, rest.after_loss) == (4, True)
        assert segment.chain_at(3) is None


@pytest.mark.parametrize(("laid", "helped"), [(4096, True), (0, False)])
def test_a_first_segment_on_a_full_disk_costs_the_ballast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid: int, helped: bool
) -> None:
    ballast = Ballast(tmp_path / "ballast", laid)
    create = Segment.create

    def full_until_released(*asked: object) -> Segment:
        if ballast.held:
            raise OSError(errno.ENOSPC, "No space left on device")
        return create(*asked)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(Segment, "create", full_until_released)
    if not helped:
        with pytest.raises(OSError, match="No space left"):
            Outbox(tmp_path / "outbox", ballast, NOON.timestamp)
        return
    with closing(Outbox(tmp_path / "outbox", ballast, NOON.timestamp)) as outbox:
        outbox.append([entry(0)], {})
        assert (ballast.held, outbox.depth) == (False, 1)


def test_the_ballast_is_for_a_full_disk_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = open_outbox(tmp_path, ballast=4096)
    outbox._segments[EPOCH]._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreFailed, match="readonly"):
        outbox.append([entry(0)], {})
    assert (tmp_path / "ballast").exists()
    outbox.append([entry(0)], {})
    outbox.close()

    def refused(*_: object) -> Segment:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Segment, "create", refused)
    ballast = Ballast(tmp_path / "ballast", 4096)
    with pytest.raises(OSError, match="Permission denied"):
        Outbox(tmp_path / "elsewhere", ballast, NOON.timestamp)
    assert ballast.held


# Permits.


def test_a_permit_that_cannot_be_read_costs_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(State(tmp_path / "state.db")) as state:
        state.replace(Revision(1), PERMITS)
    spoil(tmp_path / "state.db", SPOIL_ONE)
    with closing(State(tmp_path / "state.db")) as state:
        assert set(Permits(state).table.permits()) == set(PERMITS[1:])
        assert state.of_door(FRONT) == PERMITS[1:2]
        assert "permit 1 cannot be read" in caplog.text


async def test_the_registry_fills_in_the_permit_that_was_lost(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.db")) as state:
        state.replace(Revision(1), PERMITS)
    spoil(tmp_path / "state.db", SPOIL_ONE)
    async with Registry() as registry, registry.uplink() as uplink:
        await registry.publish(put=PERMITS)
        registry.changes.clear()
        with closing(State(tmp_path / "state.db")) as state:
            place, permits = site(), Permits(state)
            assert permits.digest == digest_of(PERMITS[1:])
            delivery = Delivery(place, permits, state, Sent().send)
            sync = Sync(place, permits, uplink, delivery, lambda: None)
            await asyncio.wait_for(sync.once(0), 10)
            assert permits.digest == digest_of(PERMITS)
            assert set(state.permits()) == set(PERMITS)
    (asked,) = registry.requests
    assert (asked.after, asked.digest) == (1, digest_of(PERMITS[1:]))


# The device key.


def encrypted(folder: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    (folder / "device.key").write_bytes(pem)


@pytest.mark.parametrize(
    ("spoil_key", "says"),
    [
        (encrypted, "no private key: Password"),
        (lambda folder: (folder / "device.key").write_bytes(b""), "no private key"),
        (lambda folder: (folder / "device.key").unlink(), "Run: menhu-gateway init"),
    ],
)
def test_a_device_key_that_is_none_is_told_and_kept(
    tmp_path: Path, spoil_key: Callable[[Path], object], says: str
) -> None:
    create_key(tmp_path)
    public = (tmp_path / "device.pub").read_bytes()
    spoil_key(tmp_path)
    with pytest.raises(GatewayError, match=says):
        read_key(tmp_path)
    if (tmp_path / "device.key").exists():
        with pytest.raises(GatewayError, match=says):
            create_key(tmp_path)
        assert (tmp_path / "device.pub").read_bytes() == public
