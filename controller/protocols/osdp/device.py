"""One reader as the control side sees it: set-up, service, silence, recovery."""

from collections import deque
from collections.abc import Callable
from math import inf

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import Colour, NakReason
from controller.protocols.osdp.commands import Poll
from controller.protocols.osdp.file_sender import FileSender, part_size
from controller.protocols.osdp.frames import Frame
from controller.protocols.osdp.keyring import KeyRing
from controller.protocols.osdp.link import ChannelLost, Link
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.orders import ORDINARY, first_requests, orders
from controller.protocols.osdp.patience import Patience
from controller.protocols.osdp.place import Place
from controller.protocols.osdp.queue import TaskQueue
from controller.protocols.osdp.replies import (
    Ack,
    Busy,
    Capabilities,
    Communication,
    Nak,
)
from controller.protocols.osdp.reports import Reports
from controller.protocols.osdp.secure import RandomSource
from controller.protocols.osdp.setup import (
    Dialogue,
    Outcome,
    explain,
    set_up,
)
from controller.protocols.osdp.smart_cards import CardTalk, offers
from controller.protocols.osdp.tasks import Task, Urgency, show_tasks
from controller.session import (
    Command,
    CommandFailed,
    Event,
    Member,
    Offline,
    Online,
    OpenDoor,
)
from controller.upkeep import (
    ChangeLine,
    LineChanged,
    RotateKey,
    SendApdu,
    SendFile,
    Show,
    SmartCardMode,
)

SILENCE = 8.0
"""Seconds without a valid reply after which a reader is offline."""

_QUICK_RETRIES = 2
_PROBE_PAUSE = 1.0
_AWAY_PAUSE = 1.4
"""Seconds between probes of a reader that is offline: it is back within two."""
_LONGEST_PAUSE = 30.0
_BUSY_PAUSE = 0.02
_MOST_DOUBLINGS = 5
_LOST_THREAD = frozenset(
    {
        NakReason.BAD_SEQUENCE,
        NakReason.SECURITY_UNSUPPORTED,
        NakReason.SECURITY_REQUIRED,
    }
)


class Device:
    """A reader on the bus; the bus decides when it may be spoken to."""

    def __init__(
        self,
        member: Member,
        now: float,
        random: RandomSource,
        report: Callable[[Event], None],
        frame_limit: int,
    ) -> None:
        """Report to `report`; no part of a file makes a frame over the limit."""
        self._member = member
        self._random = random
        self._report = report
        self._frame_limit = frame_limit
        self._place = Place(int(member.address))
        self._link = Link(self._place.address)
        self._keys = KeyRing(member)
        self._reports = Reports(member, report)
        self._cards = CardTalk(member.controller, report)
        self._file: FileSender | None = None
        self._part_next = False
        self._tasks = TaskQueue()
        self._requests: deque[Message] = deque()
        self._capabilities = Capabilities(())
        self._online = self._secure = False
        self._cause: str | None = None
        self._heard = now
        self._failures = 0
        self._misses = 0
        self.patience = Patience()
        self.ready_at = now
        self._start_over()

    @property
    def urgency(self) -> Urgency:
        """How soon this reader must be spoken to, once it is ready."""
        # A reader that is coming back is brought into service without a break.
        joining = self._dialogue is not None and not self._unanswered
        return min(self._tasks.urgency, Urgency.UPKEEP if joining else Urgency.ROUTINE)

    @property
    def deadline(self) -> float:
        """When time alone changes something about this reader."""
        moments = [task.expires for task in self._tasks] + [self._cards.deadline]
        if self._cause is None:
            moments.append(self._heard + SILENCE)
        if self._file:
            moments.append(self._file.expires)
        return min(moments, default=inf)

    def at(self, address: int) -> bool:
        """Say whether this reader is or may be at an address."""
        return self._place.taken(address)

    def transmit(self) -> bytes:
        """Return the frame that goes out now: the pending one again, or a new one."""
        if self._link.pending:
            return self._link.repeat()
        if self._dialogue:
            return self._link.send(self._question.message, self._question.block)
        if self._tasks.ready:
            task = self._tasks.take()
            self._note_attempt(task.command)
            return self._link.send(task.message)
        return self._link.send(self._routine())

    def receive(self, frame: Frame, now: float) -> bool:
        """Take a frame from the bus; say whether it answers what was sent."""
        try:
            reply = self._link.receive(frame)
        except ChannelLost as error:
            self._go_offline(str(error), now)
            return True
        if reply is None:
            return False
        self._misses = 0
        self.ready_at = now
        if isinstance(reply, Busy):
            self._wait_for(now)
        elif self._dialogue:
            self._converse(self._dialogue, reply, now)
        else:
            self._serve(reply, now)
        return True

    def miss(self, now: float) -> None:
        """Note that no reply came in time."""
        self._misses += 1
        self.patience.missed()
        if self._dialogue and (self._unanswered or self._misses > _QUICK_RETRIES):
            self._back_off(now)
        else:
            pause = 0.0 if self._misses <= _QUICK_RETRIES else _PROBE_PAUSE
            self.ready_at = now + pause

    def pass_time(self, now: float) -> None:
        """Drop what expired and declare a silent reader offline."""
        if self._cause is None and now >= self._heard + SILENCE:
            self._go_offline("no reply", now)
        for task in tuple(self._tasks):
            if now >= task.expires:
                self._expire(task)
        if self._file:
            self._file.pass_time(now)
            self._drop_file_when_done()
        if self._cards.pass_time(now):
            self.carry_out(SmartCardMode(self._member.controller, active=False), now)

    def carry_out(self, command: Command, now: float) -> None:
        """Queue a command; raises LocalProtocolError for one no reader can do."""
        tasks = orders(command, self._capabilities, now)
        if refusal := self._refusal(command, tasks):
            self._report(CommandFailed(self._member.controller, command, refusal))
            return
        if isinstance(command, SendFile):
            self._file = FileSender(command, now, self._report)
        self._queue(tasks)

    def _refusal(self, command: Command, tasks: list[Task]) -> str | None:
        kind = type(command)
        reasons = {
            "the reader is offline": not self._online,
            "another of the kind is under way": self._busy_with(kind),
            "a key goes through a secure channel only": (
                kind is RotateKey and not self._secure
            ),
            "the reader can show none of it": kind is Show and not tasks,
        }
        found = next((reason for reason, holds in reasons.items() if holds), None)
        return found or self._cards.refusal(command, self._capabilities, self._secure)

    def _busy_with(self, kind: type[Command]) -> bool:
        if kind is SendFile:
            return self._file is not None
        alone = kind in {RotateKey, ChangeLine, SmartCardMode, SendApdu}
        return alone and any(type(task.command) is kind for task in self._tasks)

    def _queue(self, tasks: list[Task]) -> None:
        for task in tasks:
            if not self._tasks.put(task):
                self._fail(task, "too many commands are waiting")

    def _note_attempt(self, command: Command | None) -> None:
        """From here on the reader may have done it, whatever we hear."""
        match command:
            case RotateKey():
                self._keys.offer(command)
            case ChangeLine():
                self._place.offer(command)

    def _routine(self) -> Message:
        """Poll, and let the parts of a file take every other turn."""
        if self._requests:
            return self._requests.popleft()
        file = self._file
        if file and file.ready and (self._part_next or not file.alongside):
            self._part_next = False
            return file.part(part_size(self._frame_limit, self._capabilities))
        self._part_next = True
        return Poll()

    def _wait_for(self, now: float) -> None:
        self.ready_at = now + _BUSY_PAUSE
        if self._link.pending is not None:
            return
        # It took BUSY for its answer, so the same comes as a new command.
        self._tasks.put_back()
        if self._file:
            self._file.postpone()

    def _fail(self, task: Task, cause: str) -> None:
        if task.command and not self._keys.owns(task.command):
            failed = CommandFailed(self._member.controller, task.command, cause)
            self._report(failed)

    def _expire(self, task: Task) -> None:
        self._fail(task, "not confirmed in time")
        if task is self._tasks.current:
            # The frame may not be repeated, and only sequence 0 can follow instead.
            self._start_over()
        else:
            self._tasks.drop(task)

    def _start_over(self) -> None:
        self._link.address = self._place.address
        self._link.reset()
        self._tasks.finish()
        self._misses = 0
        self._unanswered = self._fresh = True
        if self._file:
            self._file.interrupt()
        keys = self._keys.candidates
        dialogue = set_up(self._link, self._member, keys, self._random)
        self._question = next(dialogue)
        self._dialogue: Dialogue | None = dialogue

    def _rejoin(self) -> None:
        """Start over with a reader whose contacts we know."""
        self._start_over()
        self._fresh = False

    def _back_off(self, now: float) -> None:
        """Wait: about as long each time after silence, longer after a refusal."""
        if self._unanswered:
            pause = _PROBE_PAUSE if self._cause is None else _AWAY_PAUSE
            self._place.turn()
        else:
            pause = min(_LONGEST_PAUSE, _PROBE_PAUSE * 2**self._failures)
            self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
        self._start_over()
        self.ready_at = now + pause

    def _go_offline(self, cause: str, now: float) -> None:
        lost = f"the reader went offline: {cause}"
        for task in self._tasks:
            self._fail(task, lost)
        self._cards.interrupt(lost, now)
        self._tasks.clear()
        self._back_off(now)
        self._online = False
        # Whatever moves while nobody looks is told anew at the return.
        self._reports.forget_contacts()
        if cause != self._cause:
            self._cause = cause
            self._report(Offline(self._member.controller, cause))

    def _converse(self, dialogue: Dialogue, reply: Message, now: float) -> None:
        self._unanswered = False
        try:
            self._question = dialogue.send(reply)
        except StopIteration as done:
            self._go_online(done.value, now)
        except MessageRefused as error:
            self._go_offline(str(error), now)

    def _go_online(self, outcome: Outcome, now: float) -> None:
        self._dialogue = None
        self._capabilities = outcome.capabilities
        self._failures = 0
        self._heard = now
        self._cause = None
        if self._fresh:
            self._requests = deque(first_requests(outcome.capabilities))
        if offers(outcome.capabilities):
            self._cards.interrupt("the conversation broke", now)
            self._requests.append(ORDINARY)
        if not self._online or self._secure is not outcome.secure:
            self._online = True
            self._secure = outcome.secure
            self._report(Online(self._member.controller, outcome.secure))
        self._introduce(outcome)

    def _introduce(self, outcome: Outcome) -> None:
        """Tell what set-up found out beside that the reader is there."""
        if outcome.identity:
            self._reports.met(outcome.identity)
        for event in self._keys.settle(outcome.key):
            self._report(event)
        if moved := self._place.settle():
            self._report_move(moved.address, moved.baud)

    def _report_move(self, address: str, baud: int) -> None:
        self._report(LineChanged(self._member.controller, address, baud))

    def _serve(self, reply: Message, now: float) -> None:
        self._heard = now
        task = self._tasks.finish()
        lost = isinstance(reply, Nak) and reply.reason in _LOST_THREAD
        if self._link.channel is None and lost:
            if task:
                self._fail(task, f"the reader declined: {explain(reply)}")
            self._start_over()
        elif self._file and self._file.awaiting:
            self._take_progress(self._file, reply, now)
        elif task:
            self._confirm(task, reply, now)
        self._cards.take(reply, now)
        self._reports.take(reply)

    def _confirm(self, task: Task, reply: Message, now: float) -> None:
        """Take the reply to a command."""
        declined = f"the reader declined: {explain(reply)}"
        match task.command:
            case RotateKey():
                if not isinstance(reply, Ack):
                    self._keys.doubt(declined)
                self._rejoin()
            case ChangeLine():
                self._take_move(task, reply, declined)
            case _ if isinstance(reply, Nak):
                self._fail(task, declined)
            case SmartCardMode() as command:
                if cause := self._cards.confirm(command, reply, now):
                    self._fail(task, cause)
            case SendApdu() as command:
                self._cards.sent(command, now)
            case OpenDoor():
                self._queue(show_tasks(Colour.GREEN, self._capabilities, now))

    def _take_move(self, task: Task, reply: Message, declined: str) -> None:
        if not isinstance(reply, Communication):
            self._place.settle()
            self._fail(task, declined)
        elif not self._place.move(reply.address):
            self._place.settle()
            self._fail(task, f"the reader wants to go to address {reply.address}")
        else:
            self._report_move(str(reply.address), reply.baud)
            self._rejoin()

    def _take_progress(self, file: FileSender, reply: Message, now: float) -> None:
        reboots = file.take(reply, now, explain(reply))
        if not file.alongside:
            self.ready_at = max(self.ready_at, file.ready_at)
        self._drop_file_when_done()
        if reboots:
            self._start_over()

    def _drop_file_when_done(self) -> None:
        if self._file and self._file.done:
            self._file = None
