"""Looks for readers on a bus nobody knows: asks each address once who is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import ReplyCode
from controller.protocols.osdp.commands import IdentityRequest
from controller.protocols.osdp.frames import Frame, FrameDecoder, encode_frame
from controller.protocols.osdp.replies import Identity

SLOT = 0.06
"""Seconds one address has to begin its reply."""

_BITS_PER_BYTE = 10
_LONGEST_EXCHANGE = 48
"""Bytes of the question and the answer together, with some to spare."""


@dataclass(frozen=True, slots=True)
class Found:
    """A reader that answered, in clear, and what it said of itself."""

    address: int
    identity: Identity


class Scan:
    """Asks one address after another at one speed; feed it what arrives."""

    def __init__(self, addresses: Iterable[int], baud: int) -> None:
        self._addresses = iter(addresses)
        self._slot = SLOT + _LONGEST_EXCHANGE * _BITS_PER_BYTE / baud
        self._decoder = FrameDecoder()
        self._asked: int | None = None
        self.deadline = 0.0
        """When the address that was asked last has had its time."""
        self.found: list[Found] = []
        self.done = False

    def data_to_send(self, now: float) -> Sequence[bytes]:
        """Return the next question once the last one had its time or its answer."""
        if self.done or (self._asked is not None and now < self.deadline):
            return ()
        self._asked = next(self._addresses, None)
        if self._asked is None:
            self.done = True
            return ()
        self._decoder.clear()
        self.deadline = now + self._slot
        request = IdentityRequest()
        frame = Frame(self._asked, False, 0, request.code, request.encode())  # noqa: FBT003 # a command
        return (encode_frame(frame),)

    def receive_data(self, data: bytes) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""
        for frame in self._decoder.receive(data):
            if frame.reply and frame.address == self._asked:
                self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.code != ReplyCode.PDID or self._asked is None:
            return
        try:
            identity = Identity.decode(frame.data)
        except MessageRefused:
            return
        self.found.append(Found(self._asked, identity))
        self._asked = None
