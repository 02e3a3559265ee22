"""What a command of the gateway means to one reader: messages, in order."""

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import Colour, Function
from controller.protocols.osdp.commands import (
    KEY_LENGTH,
    InputStatusRequest,
    LocalStatusRequest,
    OutputStatusRequest,
    ReaderStatusRequest,
    ReceiveSize,
    SetCommunication,
    SetKey,
)
from controller.protocols.osdp.extended import Mode, end, send, set_mode
from controller.protocols.osdp.file_sender import check_file
from controller.protocols.osdp.frames import BROADCAST, LARGEST_FRAME
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import Capabilities
from controller.protocols.osdp.secure import DEFAULT_KEY
from controller.protocols.osdp.show import check_show, show_messages
from controller.protocols.osdp.smart_cards import check_apdu
from controller.protocols.osdp.tasks import (
    COMMAND_LIFE,
    Task,
    Urgency,
    hold_task,
    open_task,
    show_tasks,
)
from controller.session import Command, HoldDoor, OpenDoor, ShowRefusal
from controller.upkeep import (
    AskStatus,
    ChangeLine,
    RotateKey,
    SendApdu,
    SendFile,
    Show,
    SmartCardMode,
)

ORDINARY = set_mode(Mode.ORDINARY)
"""Lets a reader read cards for itself."""

_LARGEST_BAUD = 0xFFFF_FFFF


def orders(command: Command, capabilities: Capabilities, now: float) -> list[Task]:
    """Return what to send; raises LocalProtocolError for what no reader can do.

    Nothing is left of a Show that this reader cannot do, and a file has its own way.
    """
    match command:
        case OpenDoor():
            return [open_task(command, now)]
        case HoldDoor():
            return [hold_task(command, now)]
        case ShowRefusal():
            return show_tasks(Colour.RED, capabilities, now, sound=True)
        case Show():
            check_show(command)
            shown = show_messages(command, capabilities)
            return _tasks(command, shown, Urgency.SHOW, now)
        case SmartCardMode(active=False):
            # A card is let go first; readers decline it when there is none.
            farewell = Task(end(), Urgency.UPKEEP, now + COMMAND_LIFE)
            return [farewell, *_tasks(command, [ORDINARY], Urgency.UPKEEP, now)]
    return _tasks(command, _upkeep(command, capabilities), Urgency.UPKEEP, now)


def _upkeep(command: Command, capabilities: Capabilities) -> list[Message]:
    match command:
        case RotateKey():
            _check_key(command)
            return [SetKey(command.key)]
        case ChangeLine():
            return [SetCommunication(_check_move(command), command.baud)]
        case AskStatus():
            return status_requests(capabilities)
        case SendFile():
            check_file(command)
            return []
        case SmartCardMode():
            return [set_mode(Mode.TRANSPARENT)]
        case SendApdu():
            check_apdu(command)
            return [send(command.apdu)]
    name = type(command).__name__
    raise LocalProtocolError(f"a reader cannot carry out {name}")


def status_requests(capabilities: Capabilities) -> list[Message]:
    """Return the questions about everything a reader has."""
    requests: list[Message] = [LocalStatusRequest()]
    if capabilities.find(Function.CONTACTS).items:
        requests.append(InputStatusRequest())
    if capabilities.find(Function.OUTPUTS).items:
        requests.append(OutputStatusRequest())
    if capabilities.find(Function.READERS).items:
        requests.append(ReaderStatusRequest())
    return requests


def first_requests(capabilities: Capabilities) -> list[Message]:
    """Return what a reader that came into service is asked and told."""
    return [*status_requests(capabilities), ReceiveSize(LARGEST_FRAME)]


def _tasks(
    command: Command, messages: list[Message], urgency: Urgency, now: float
) -> list[Task]:
    """Let the first message speak for its command, so that it fails only once."""
    expires = now + COMMAND_LIFE
    tasks = [Task(message, urgency, expires) for message in messages[1:]]
    first = [Task(message, urgency, expires, command) for message in messages[:1]]
    return first + tasks


def _check_key(command: RotateKey) -> None:
    if len(command.key) != KEY_LENGTH:
        raise LocalProtocolError(f"key must be {KEY_LENGTH} bytes")
    if command.key == DEFAULT_KEY:
        raise LocalProtocolError("key is the one everyone knows")


def _check_move(command: ChangeLine) -> int:
    if not command.address.isdecimal() or int(command.address) >= BROADCAST:
        raise LocalProtocolError(
            f"address must be 0 to {BROADCAST - 1}, not {command.address!r}"
        )
    if not 0 < command.baud <= _LARGEST_BAUD:
        raise LocalProtocolError(f"baud must be positive, not {command.baud}")
    return int(command.address)
