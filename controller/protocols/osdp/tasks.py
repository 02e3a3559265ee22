"""What people at the door wait for: commands to a reader, urgent first."""

from dataclasses import dataclass
from enum import IntEnum

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import (
    Colour,
    Function,
    OutputControl,
    TemporaryControl,
    Tone,
)
from controller.protocols.osdp.commands import (
    LightSetting,
    OutputSetting,
    SetLights,
    SetOutputs,
    SoundBuzzer,
)
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import Capabilities
from controller.session import Command, HoldDoor, OpenDoor

COMMAND_LIFE = 5.0
"""Seconds after which a command is dropped: a door must not open late."""
RELAY = 0

_TENTHS = 10
_LONGEST_TIMER = 0xFFFF
_SHOWN_FOR = 20
_FLASH = 2


class Urgency(IntEnum):
    """Which reader comes first on the bus."""

    OPEN = 0
    SHOW = 1
    UPKEEP = 2
    ROUTINE = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One command on its way to a reader, until it expires."""

    message: Message
    urgency: Urgency
    expires: float
    command: Command | None = None


def open_task(command: OpenDoor, now: float) -> Task:
    """Release the lock by a timer in the reader, so that it falls by itself."""
    setting = OutputSetting(RELAY, OutputControl.ON_FOR, _timer(command.seconds))
    return Task(SetOutputs((setting,)), Urgency.OPEN, now + COMMAND_LIFE, command)


def hold_task(command: HoldDoor, now: float) -> Task:
    """Release the lock by a longer timer, or end whatever holds it released."""
    setting = OutputSetting(RELAY, OutputControl.OFF_NOW)
    if command.seconds != 0:
        timer = _timer(command.seconds)
        setting = OutputSetting(RELAY, OutputControl.ON_FOR, timer)
    return Task(SetOutputs((setting,)), Urgency.OPEN, now + COMMAND_LIFE, command)


def _timer(seconds: float) -> int:
    if not 1 / _TENTHS <= seconds <= _LONGEST_TIMER / _TENTHS:
        raise LocalProtocolError(
            f"seconds must be 0.1 to {_LONGEST_TIMER / _TENTHS}, not {seconds}"
        )
    return round(seconds * _TENTHS)


def show_tasks(
    colour: Colour, capabilities: Capabilities, now: float, *, sound: bool = False
) -> list[Task]:
    """Flash a light for two seconds, and beep, as far as the reader can."""
    messages: list[Message] = []
    if capabilities.find(Function.LEDS).items:
        messages.append(SetLights((_flash(colour),)))
    if sound and capabilities.find(Function.BUZZER).compliance:
        tone = SoundBuzzer(tone=Tone.DEFAULT, on_time=_FLASH, off_time=_FLASH, count=2)
        messages.append(tone)
    expires = now + COMMAND_LIFE
    return [Task(message, Urgency.SHOW, expires) for message in messages]


def _flash(colour: Colour) -> LightSetting:
    return LightSetting(
        temporary=TemporaryControl.SET,
        on_time=_FLASH,
        off_time=_FLASH,
        on_colour=colour,
        off_colour=Colour.BLACK,
        timer=_SHOWN_FOR,
    )
