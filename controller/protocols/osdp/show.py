"""What a reader shows and sounds when we ask for more than yes and no."""

from collections.abc import Mapping

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import (
    Colour,
    Function,
    TemporaryControl,
    TextControl,
    Tone,
)
from controller.protocols.osdp.commands import (
    LightSetting,
    SetLights,
    ShowText,
    SoundBuzzer,
)
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import Capabilities
from controller.upkeep import Light, Show

LONGEST_TEXT = 32
_TENTHS = 10
_LONGEST_TIME = 255.0
_BEEP = 2
_MOST_BEEPS = 255
_COLOURS: Mapping[Light, Colour] = {
    Light.RED: Colour.RED,
    Light.GREEN: Colour.GREEN,
    Light.AMBER: Colour.AMBER,
    Light.BLUE: Colour.BLUE,
}


def check_show(command: Show) -> None:
    """Raise LocalProtocolError for what no reader can show."""
    if not 1.0 <= command.seconds <= _LONGEST_TIME:
        raise LocalProtocolError(f"seconds must be 1 to 255, not {command.seconds}")
    text = command.text
    if len(text) > LONGEST_TEXT or not (text.isascii() and text.isprintable()):
        raise LocalProtocolError(f"text must be ASCII of up to {LONGEST_TEXT} letters")
    if not 0 <= command.beeps <= _MOST_BEEPS:
        raise LocalProtocolError(f"beeps must be 0 to 255, not {command.beeps}")


def show_messages(command: Show, capabilities: Capabilities) -> list[Message]:
    """Return what to send for what the reader can do of it; maybe nothing."""
    messages: list[Message] = []
    if command.light and capabilities.find(Function.LEDS).items:
        messages.append(SetLights((_light(command.light, command.seconds),)))
    if command.text and capabilities.find(Function.TEXT).compliance:
        seconds, text = round(command.seconds), command.text.encode("ascii")
        messages.append(ShowText(0, TextControl.TEMPORARY, seconds, 1, 1, text))
    if command.beeps and capabilities.find(Function.BUZZER).compliance:
        count = command.beeps
        messages.append(SoundBuzzer(0, Tone.DEFAULT, _BEEP, _BEEP, count))
    return messages


def _light(light: Light, seconds: float) -> LightSetting:
    colour = _COLOURS[light]
    return LightSetting(
        temporary=TemporaryControl.SET,
        on_time=1,
        on_colour=colour,
        off_colour=colour,
        timer=round(seconds * _TENTHS),
    )
