"""Whatever happens to the outbox, nothing durable is lost, doubled or renumbered."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.uplink.messages import GENESIS, chain
from gateway.store.outbox import Outbox
from tests.support.gateway_store import NOON, cursor, entry, open_outbox

MOST = 7


class OutboxMachine(RuleBasedStateMachine):
    """An outbox beside a plain model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.folder = self.home / "0"
        self.now = NOON.timestamp()
        self.copies = 0
        self.outbox = self.open()
        self.record: dict[int, list[bytes]] = {}
        self.starts: dict[int, bytes] = {}
        self.receipted: dict[int, int] = {}
        self.appended = 0
        self.tip = GENESIS

    def teardown(self) -> None:
        self.outbox.close()
        shutil.rmtree(self.home)

    def open(self) -> Outbox:
        return open_outbox(self.folder, lambda: self.now)

    @rule(count=st.integers(1, MOST))
    def append(self, count: int) -> None:
        new = [entry(self.appended + number) for number in range(count)]
        self.appended += count
        self.outbox.append(new, cursor(self.appended))
        epoch = self.outbox.active
        if epoch not in self.record:
            assert epoch > max(self.record, default=0)
            self.starts[epoch] = self.tip
            self.receipted[epoch] = 0
        self.record.setdefault(epoch, []).extend(new)
        self.tip = chain(self.tip, new)

    @rule(seconds=st.sampled_from([1, 40_000, 100_000, -100_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def roll_over(self) -> None:
        self.outbox.roll_over()

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.outbox = self.open()

    @rule()
    def crash(self) -> None:
        """Go on from what the files held while they were still open."""
        self.copies += 1
        target = self.home / str(self.copies)
        shutil.copytree(self.folder, target)
        for shared_memory in target.glob("outbox/*-shm"):
            shared_memory.unlink()
        self.outbox.close()
        self.folder = target
        self.outbox = self.open()

    @precondition(lambda self: self.record)
    @rule(data=st.data())
    def receipt(self, data: st.DataObject) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.record)))
        upto = data.draw(st.integers(0, len(self.record[epoch])))
        self.outbox.settle(epoch, upto, self.chain_at(epoch, upto))
        self.receipted[epoch] = max(self.receipted[epoch], upto)

    def chain_at(self, epoch: int, seq: int) -> bytes:
        return chain(self.starts[epoch], self.record[epoch][:seq])

    @invariant()
    def holds_exactly_what_has_no_receipt(self) -> None:
        depth = 0
        for epoch, sent in self.record.items():
            done = self.receipted[epoch]
            read = self.outbox.read(epoch, 10_000)
            if done == len(sent):
                assert read is None
                continue
            assert read is not None
            assert (read.first, list(read.entries)) == (done + 1, sent[done:])
            assert read.previous == self.chain_at(epoch, done)
            assert not read.after_loss
            depth += len(sent) - done
        assert self.outbox.depth == depth

    @invariant()
    def cursors_follow_the_record(self) -> None:
        expected = cursor(self.appended) if self.appended else {}
        assert self.outbox.cursors == expected


OutboxMachine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None
)
TestOutbox = OutboxMachine.TestCase
