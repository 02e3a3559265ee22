import sqlite3
from pathlib import Path

import pytest

from controller.uplink.messages import GENESIS, chain
from gateway.errors import StoreFailed
from tests.support.gateway_store import (
    LOCK,
    NOON,
    cursor,
    entries,
    entry,
    open_outbox,
    pending,
    spoil,
)

DAY = 86_400
EPOCH = int(NOON.timestamp())


def test_what_is_appended_is_there_again_after_a_restart(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append(entries(0, 3), cursor(3))
    outbox.close()
    again = open_outbox(tmp_path)
    assert again.active == EPOCH
    assert pending(again, EPOCH) == entries(0, 3)
    assert again.cursors == cursor(3)
    assert again.chain_at(EPOCH, 3) == chain(GENESIS, entries(0, 3))
    again.append([entry(3)], {})
    read = again.read(EPOCH, 100)
    assert read is not None
    assert (read.first, read.previous, read.after_loss) == (1, GENESIS, False)
    assert chain(read.previous, read.entries) == again.chain_at(EPOCH, 4)
    assert again.cursors == cursor(3)
    again.close()


def test_a_receipt_deletes_what_it_covers_and_nothing_else(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append(entries(0, 5), {})
    outbox.settle(EPOCH, 3, chain(GENESIS, entries(0, 3)))
    assert (outbox.depth, outbox.receipted(EPOCH)) == (2, 3)
    outbox.close()
    again = open_outbox(tmp_path)
    read = again.read(EPOCH, 100)
    assert read is not None
    assert (read.first, read.entries) == (4, tuple(entries(3, 2)))
    assert read.previous == chain(GENESIS, entries(0, 3)) == again.chain_at(EPOCH, 3)
    assert again.chain_at(EPOCH, 2) is None
    assert again.chain_at(EPOCH, 6) is None
    again.settle(EPOCH, 5, chain(GENESIS, entries(0, 5)))
    again.settle(EPOCH, 4, b"an older receipt")
    assert (again.depth, again.read(EPOCH, 1), again.oldest()) == (0, None, None)
    again.append([entry(5)], {})
    assert again.chain_at(EPOCH, 6) == chain(GENESIS, entries(0, 6))
    again.close()


def test_a_new_day_begins_a_segment_that_carries_chain_and_cursors_on(
    tmp_path: Path,
) -> None:
    now = [NOON.timestamp()]
    outbox = open_outbox(tmp_path, lambda: now[0])
    outbox.append(entries(0, 2), cursor(2))
    now[0] += DAY
    outbox.append([entry(2)], {})
    assert outbox.active == EPOCH + DAY
    read = outbox.read(outbox.active, 10)
    assert read is not None
    assert (read.first, read.previous) == (1, chain(GENESIS, entries(0, 2)))
    assert outbox.cursors == cursor(2)
    assert (outbox.backlog(), outbox.depth) == (EPOCH, 3)
    assert outbox.oldest() == EPOCH
    outbox.settle(EPOCH, 2, chain(GENESIS, entries(0, 2)))
    assert outbox.backlog() is None
    assert [path.name for path in (tmp_path / "outbox").glob("*.db")] == [
        f"{EPOCH + DAY}.db"
    ]
    outbox.close()


def test_an_epoch_is_never_used_again_when_the_clock_goes_back(tmp_path: Path) -> None:
    now = [NOON.timestamp()]
    outbox = open_outbox(tmp_path, lambda: now[0])
    outbox.append([entry(0)], {})
    now[0] -= 400 * DAY
    outbox.append([entry(1)], {})
    assert outbox.active == EPOCH + 1
    outbox.roll_over()
    assert outbox.active == EPOCH + 2
    outbox.roll_over()
    assert outbox.active == EPOCH + 2, "an empty segment needs no successor"
    outbox.close()


def test_rolling_over_drops_a_segment_without_anything_to_send(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append([entry(0)], {})
    outbox.settle(EPOCH, 1, chain(GENESIS, [entry(0)]))
    outbox.roll_over()
    assert not (tmp_path / "outbox" / f"{EPOCH}.db").exists()
    assert outbox.read(EPOCH, 1) is None
    assert outbox.pending(EPOCH) == 0
    outbox.close()


def test_a_damaged_row_becomes_a_hole_and_is_kept(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append(entries(0, 5), {})
    path = tmp_path / "outbox" / f"{EPOCH}.db"
    spoil(path, "UPDATE entry SET body = x'00' WHERE seq = 2")
    read = outbox.read(EPOCH, 100)
    assert read is not None
    assert (read.first, read.entries, read.after_loss) == (1, (entry(0),), False)
    outbox.settle(EPOCH, 1, chain(GENESIS, entries(0, 1)))
    read = outbox.read(EPOCH, 100)
    assert read is not None
    assert (read.first, read.entries) == (3, tuple(entries(2, 3)))
    assert read.after_loss
    assert read.previous == chain(GENESIS, entries(0, 2))
    outbox.roll_over()
    outbox.settle(EPOCH, 5, chain(read.previous, read.entries))
    assert (outbox.depth, outbox.set_aside_count) == (0, 1)
    assert path.with_suffix(".damaged").exists()
    outbox.close()


@pytest.mark.parametrize("damaged", ["seq > 0", "seq = 3"])
def test_a_segment_with_nothing_readable_left_is_set_aside(
    tmp_path: Path, damaged: str
) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append(entries(0, 3), cursor(3))
    path = tmp_path / "outbox" / f"{EPOCH}.db"
    spoil(path, f"UPDATE entry SET crc = 0 WHERE {damaged}")  # noqa: S608 - a test's own text
    if damaged == "seq = 3":
        outbox.give_up_unreadable(EPOCH)
        assert outbox.pending(EPOCH) == 3, "there is still something to send"
        outbox.settle(EPOCH, 2, chain(GENESIS, entries(0, 2)))
    outbox.give_up_unreadable(EPOCH)
    assert outbox.active == EPOCH + 1
    assert outbox.cursors == cursor(3)
    assert path.with_suffix(".damaged").exists()
    outbox.append([entry(9)], {})
    assert pending(outbox, outbox.active) == [entry(9)]
    outbox.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
def test_a_damaged_file_is_set_aside_and_a_new_epoch_begun(
    tmp_path: Path, content: bytes
) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append(entries(0, 2), {})
    outbox.close()
    path = tmp_path / "outbox" / f"{EPOCH}.db"
    path.write_bytes(content)
    again = open_outbox(tmp_path)
    assert again.active == EPOCH + 1
    assert again.set_aside_count == 1
    assert path.with_suffix(".damaged").exists()
    again.append([entry(2)], {})
    assert pending(again, EPOCH + 1) == [entry(2)]
    again.close()


def test_a_broken_connection_is_renewed_without_losing_or_doubling(
    tmp_path: Path,
) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append([entry(0)], cursor(1))
    outbox._segments[EPOCH].close()
    with pytest.raises(StoreFailed, match="cannot be written"):
        outbox.append([entry(1)], cursor(2))
    assert outbox.cursors == cursor(1)
    outbox.append([entry(2)], cursor(2))
    assert pending(outbox, EPOCH) == [entry(0), entry(2)]
    outbox.close()


def test_a_segment_that_breaks_at_work_is_replaced(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append([entry(0)], cursor(1))
    outbox._segments[EPOCH].close()
    path = tmp_path / "outbox" / f"{EPOCH}.db"
    path.write_bytes(b"overwritten" * 1000)
    with pytest.raises(StoreFailed):
        outbox.append([entry(1)], cursor(2))
    outbox.append([entry(1)], cursor(2))
    assert (outbox.active, outbox.cursors[LOCK].index) == (EPOCH + 1, 2)
    read = outbox.read(outbox.active, 10)
    assert read is not None
    assert read.previous == chain(GENESIS, [entry(0)])
    outbox.close()


def test_a_half_made_segment_is_no_segment(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    (folder / "123.new").write_bytes(b"half")
    (folder / "123.new-wal").write_bytes(b"half")
    outbox = open_outbox(tmp_path)
    assert {path.name for path in folder.glob("*.new*")} == set()
    assert outbox.active == EPOCH
    outbox.close()


def test_a_forked_epoch_is_kept_aside(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.append(entries(0, 2), cursor(2))
    outbox.set_aside(EPOCH, "forked")
    outbox.set_aside(EPOCH, "forked")
    assert (outbox.active, outbox.depth) == (EPOCH + 1, 0)
    rows = sqlite3.connect(tmp_path / "outbox" / f"{EPOCH}.forked")
    assert rows.execute("SELECT count(*) FROM entry").fetchone() == (2,)
    rows.close()
    outbox.close()


def test_a_full_disk_costs_the_ballast_first(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path, ballast=4096)
    outbox.append([entry(0)], {})
    writer = outbox._segments[EPOCH]._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    outbox.append(entries(1, 500), cursor(1))
    assert not (tmp_path / "ballast").exists()
    assert outbox.active == EPOCH + 1, "a whole file can go where no row can"
    assert pending(outbox, EPOCH) == [entry(0)]
    assert pending(outbox, EPOCH + 1) == entries(1, 500)
    writer = outbox._segments[EPOCH + 1]._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFailed, match="full"):
        outbox.append(entries(501, 500), cursor(2))
    assert outbox.cursors == cursor(1)
    writer.execute(f"PRAGMA max_page_count = {100 * pages}")
    outbox.append([entry(501)], cursor(2))
    assert pending(outbox, EPOCH + 1) == entries(1, 501)
    outbox.close()
