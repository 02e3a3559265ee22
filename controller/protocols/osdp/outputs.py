"""An output of a reader: what stays, and what passes when its timer ends."""

from math import inf

from controller.protocols.osdp.codes import OutputControl
from controller.protocols.osdp.commands import OutputSetting

_TENTH = 0.1
_NOW = {OutputControl.OFF_NOW: False, OutputControl.ON_NOW: True}
_LATER = {OutputControl.OFF_AFTER_TIMER: False, OutputControl.ON_AFTER_TIMER: True}
_PASSING = {OutputControl.ON_FOR: True, OutputControl.OFF_FOR: False}


class Output:
    """A relay with a resting state and a timer; a timer of 0 never ends."""

    def __init__(self) -> None:
        self._rest = False
        self._passing = False
        self._until = -inf

    def command(self, setting: OutputSetting, now: float) -> None:
        """Carry out one setting; unknown controls change nothing."""
        if setting.control in _NOW:
            self._rest = _NOW[OutputControl(setting.control)]
            self._until = now
        elif setting.control in _LATER:
            self._rest = _LATER[OutputControl(setting.control)]
        elif setting.control in _PASSING:
            self._passing = _PASSING[OutputControl(setting.control)]
            self._until = now + setting.timer * _TENTH if setting.timer else inf

    def active(self, now: float) -> bool:
        """Say whether the output is on."""
        return self._passing if now < self._until else self._rest
