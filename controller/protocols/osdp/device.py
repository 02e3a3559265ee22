"""One reader as the control side sees it: set-up, service, silence, recovery."""

from collections import deque
from collections.abc import Callable
from math import inf

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import Colour, Function, NakReason
from controller.protocols.osdp.commands import (
    InputStatusRequest,
    LocalStatusRequest,
    Poll,
)
from controller.protocols.osdp.frames import Frame
from controller.protocols.osdp.link import ChannelLost, Link
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import (
    Busy,
    Capabilities,
    CardRead,
    InputStatus,
    LocalStatus,
    Nak,
)
from controller.protocols.osdp.secure import RandomSource
from controller.protocols.osdp.setup import (
    Dialogue,
    Outcome,
    explain,
    set_up,
)
from controller.protocols.osdp.tasks import Task, Urgency, open_task, show_tasks
from controller.session import (
    CardPresented,
    CommandFailed,
    Contact,
    ContactChanged,
    Event,
    Member,
    Offline,
    Online,
    OpenDoor,
    ShowRefusal,
)

SILENCE = 8.0
"""Seconds without a valid reply after which a reader is offline."""

_QUICK_RETRIES = 2
_PROBE_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_BUSY_PAUSE = 0.02
_MOST_TASKS = 16
_MOST_DOUBLINGS = 5
_INPUTS = (Contact.DOOR, Contact.EXIT_BUTTON)
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
    ) -> None:
        self._member = member
        self._random = random
        self._report = report
        self._link = Link(int(member.address))
        self._tasks: deque[Task] = deque()
        self._current: Task | None = None
        self._requests: deque[Message] = deque()
        self._capabilities = Capabilities(())
        self._contacts: dict[Contact, bool] = {}
        self._online = self._secure = False
        self._cause: str | None = None
        self._heard = now
        self._failures = 0
        self._misses = 0
        self.ready_at = now
        self._start_over()

    @property
    def urgency(self) -> Urgency:
        """How soon this reader must be spoken to, once it is ready."""
        urgencies = (task.urgency for task in self._waiting())
        return min(urgencies, default=Urgency.ROUTINE)

    @property
    def deadline(self) -> float:
        """When time alone changes something about this reader."""
        moments = [task.expires for task in self._waiting()]
        if self._cause is None:
            moments.append(self._heard + SILENCE)
        return min(moments, default=inf)

    def transmit(self) -> bytes:
        """Return the frame that goes out now: the pending one again, or a new one."""
        if self._link.pending:
            return self._link.repeat()
        if self._dialogue:
            return self._link.send(self._question.message, self._question.block)
        if self._tasks:
            self._current = self._tasks.popleft()
            return self._link.send(self._current.message)
        return self._link.send(self._requests.popleft() if self._requests else Poll())

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
        if self._dialogue and (self._unanswered or self._misses > _QUICK_RETRIES):
            self._back_off(now)
        else:
            pause = 0.0 if self._misses <= _QUICK_RETRIES else _PROBE_PAUSE
            self.ready_at = now + pause

    def pass_time(self, now: float) -> None:
        """Drop what expired and declare a silent reader offline."""
        if self._cause is None and now >= self._heard + SILENCE:
            self._go_offline("no reply", now)
        for task in self._waiting():
            if now >= task.expires:
                self._expire(task)

    def open_door(self, command: OpenDoor, now: float) -> None:
        """Queue the relay; the green light follows once the relay is acknowledged."""
        task = open_task(command, now)
        ahead = sum(other.urgency is Urgency.OPEN for other in self._tasks)
        if not self._online:
            self._fail(task, "the reader is offline")
        elif ahead >= _MOST_TASKS:
            self._fail(task, "too many commands are waiting")
        else:
            self._tasks.insert(ahead, task)

    def show_refusal(self, command: ShowRefusal, now: float) -> None:
        """Queue a red light and a beep."""
        if self._online:
            self._show(Colour.RED, now, sound=True)
        else:
            failed = CommandFailed(
                self._member.controller, command, "the reader is offline"
            )
            self._report(failed)

    def _wait_for(self, now: float) -> None:
        self.ready_at = now + _BUSY_PAUSE
        if self._current and self._link.pending is None:
            # It took BUSY for its answer, so the same comes as a new command.
            self._tasks.appendleft(self._current)
            self._current = None

    def _waiting(self) -> list[Task]:
        return [*([self._current] if self._current else ()), *self._tasks]

    def _show(self, colour: Colour, now: float, *, sound: bool = False) -> None:
        tasks = show_tasks(colour, self._capabilities, now, sound=sound)
        self._tasks.extend(tasks[: max(0, _MOST_TASKS - len(self._tasks))])

    def _fail(self, task: Task, cause: str) -> None:
        if task.command:
            failed = CommandFailed(self._member.controller, task.command, cause)
            self._report(failed)

    def _expire(self, task: Task) -> None:
        self._fail(task, "not confirmed in time")
        if task is self._current:
            # The frame may not be repeated, and only sequence 0 can follow instead.
            self._start_over()
        else:
            self._tasks.remove(task)

    def _start_over(self) -> None:
        self._link.reset()
        self._current = None
        self._misses = 0
        self._unanswered = True
        dialogue = set_up(self._link, self._member, self._random)
        self._question = next(dialogue)
        self._dialogue: Dialogue | None = dialogue

    def _back_off(self, now: float) -> None:
        self._start_over()
        self.ready_at = now + min(_LONGEST_PAUSE, _PROBE_PAUSE * 2**self._failures)
        self._failures = min(self._failures + 1, _MOST_DOUBLINGS)

    def _go_offline(self, cause: str, now: float) -> None:
        for task in self._waiting():
            self._fail(task, f"the reader went offline: {cause}")
        self._tasks.clear()
        self._back_off(now)
        self._online = False
        # Whatever moves while nobody looks is told anew at the return.
        self._contacts.clear()
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
        self._requests = deque([LocalStatusRequest()])
        if outcome.capabilities.find(Function.CONTACTS).items:
            self._requests.append(InputStatusRequest())
        if not self._online or self._secure is not outcome.secure:
            self._online = True
            self._secure = outcome.secure
            self._report(Online(self._member.controller, outcome.secure))

    def _serve(self, reply: Message, now: float) -> None:
        self._heard = now
        task, self._current = self._current, None
        if isinstance(reply, Nak):
            if task:
                self._fail(task, f"the reader declined: {explain(reply)}")
            if self._link.channel is None and reply.reason in _LOST_THREAD:
                self._start_over()
        elif task and isinstance(task.command, OpenDoor):
            self._show(Colour.GREEN, now)
        self._take_report(reply)

    def _take_report(self, reply: Message) -> None:
        """Report what a reply says, whatever it was that we asked."""
        if isinstance(reply, CardRead) and reply.length:
            controller = self._member.controller
            self._report(CardPresented(controller, reply.bits, reply.length))
        elif isinstance(reply, InputStatus):
            for contact, state in zip(_INPUTS, reply.states, strict=False):
                self._note(contact, active=state != 0)
        elif isinstance(reply, LocalStatus):
            self._note(Contact.TAMPER, active=reply.tamper != 0)
            self._note(Contact.POWER, active=reply.power != 0)

    def _note(self, contact: Contact, *, active: bool) -> None:
        if self._contacts.get(contact) is not active:
            self._contacts[contact] = active
            self._report(ContactChanged(self._member.controller, contact, active))
