"""The reader side of OSDP: answers a control side, one command at a time."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from controller.errors import LocalProtocolError, MessageRefused
from controller.protocols.osdp.card_slot import CardSlot, SmartCard
from controller.protocols.osdp.codes import Function, NakReason
from controller.protocols.osdp.commands import (
    COMMANDS,
    CapabilitiesRequest,
    Challenge,
    FileFragment,
    IdentityRequest,
    InputStatusRequest,
    LocalStatusRequest,
    OutputStatusRequest,
    Poll,
    ReaderStatusRequest,
    ServerCryptogram,
    SetCommunication,
    SetKey,
    SetLights,
    SetOutputs,
    ShowText,
    SoundBuzzer,
)
from controller.protocols.osdp.extended import ExtendedWrite
from controller.protocols.osdp.file_receiver import (
    LARGEST_FILE,
    FileReceiver,
    ReceivedFile,
)
from controller.protocols.osdp.frames import (
    BROADCAST,
    LARGEST_FRAME,
    Frame,
    FrameDecoder,
    SecurityBlock,
    encode_frame,
)
from controller.protocols.osdp.messages import Message, decode_message
from controller.protocols.osdp.outputs import Output
from controller.protocols.osdp.reader_channel import Declined, ReaderChannel
from controller.protocols.osdp.replies import (
    Ack,
    Busy,
    Capabilities,
    Capability,
    CardRead,
    Communication,
    Identity,
    InitialMac,
    InputStatus,
    Keypad,
    LocalStatus,
    Nak,
    OutputStatus,
    ReaderStatus,
)
from controller.protocols.osdp.secure import RandomSource, is_sealed
from controller.session import USUAL_INPUTS, Contact

CARD_LIFE = 5.0
"""Seconds after which a card nobody asked for is forgotten: no late opening."""
SILENCE = 8.0
"""Seconds without a command after which the reader forgets the control side."""

_FRAME_PAUSE = 0.15
_LAST_SEQUENCE = 3
_MOST_REPORTS = 32
_LONGEST_CARD = 512
_CARRIED_OUT = frozenset(
    {SetOutputs, SetLights, SoundBuzzer, ShowText, SetKey, SetCommunication}
)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """A reader as it leaves the factory, or as someone set it up.

    `secure` answers nothing but the handshake in clear; `commissioning` lets the
    default key in until the reader has its own.
    """

    address: int
    identity: Identity
    key: bytes | None = None
    secure: bool = True
    commissioning: bool = False
    outputs: int = 1
    largest_file: int = LARGEST_FILE
    inputs: tuple[Contact, ...] = USUAL_INPUTS
    smart_cards: bool = False


@dataclass(frozen=True, slots=True)
class Commanded:
    """The control side wants something shown, switched or kept: see its message."""

    message: Message
    at: float


class Peripheral:
    """One reader with its relay, its contacts and its cards."""

    def __init__(
        self, settings: ReaderSettings, now: float, random: RandomSource
    ) -> None:
        self._settings = settings
        self._address = settings.address
        self._channel = ReaderChannel(
            settings.key,
            random,
            required=settings.secure,
            commissioning=settings.commissioning,
        )
        self._decoder = FrameDecoder()
        self._outputs = [Output() for _ in range(settings.outputs)]
        self._inputs = bytearray(len(settings.inputs))
        self._local = {Contact.TAMPER: False, Contact.POWER: False}
        self._reports: deque[tuple[float, Message]] = deque(maxlen=_MOST_REPORTS)
        self._events: list[Commanded] = []
        self._files = FileReceiver(settings.largest_file)
        self._slot = CardSlot(offered=settings.smart_cards)
        self._outgoing = b""
        self._received_at = self._commanded_at = now
        self.busy = False
        self._forget()

    @property
    def secure(self) -> bool:
        """Say whether the secure channel is up."""
        return self._channel.up

    @property
    def served(self) -> bool:
        """Say whether a control side speaks to it, securely where it insists."""
        return self.secure if self._settings.secure else self._command is not None

    @property
    def key(self) -> bytes | None:
        """The reader's own base key."""
        return self._channel.key

    def relay(self, now: float, output: int = 0) -> bool:
        """Say whether a relay is drawn."""
        return self._outputs[output].active(now)

    def present_card(self, bits: int, length: int, now: float) -> None:
        """Read a card; it is reported once, or forgotten after CARD_LIFE."""
        if not 0 < length <= _LONGEST_CARD or not 0 <= bits < 1 << length:
            raise LocalProtocolError(f"a card cannot hold {bits:#x} in {length} bits")
        self._reports.append((now + CARD_LIFE, CardRead(0, 0, length, bits)))

    def hold_smart_card(self, card: SmartCard | None) -> None:
        """Put a smart card to the reader, or take it away."""
        if report := self._slot.hold(card):
            self._reports.append((inf, report))

    def press_keys(self, digits: bytes) -> None:
        """Report keys in the codes of the wire: ASCII, 0x7F for *, 0x0D for #."""
        self._reports.append((inf, Keypad(0, digits)))

    def take_file(self) -> ReceivedFile | None:
        """Return the file that arrived since the last call, if any."""
        return self._files.take_file()

    def set_input(self, contact: Contact, *, active: bool) -> None:
        """Move a contact; each movement is reported."""
        inputs = self._settings.inputs
        if contact in inputs:
            self._inputs[inputs.index(contact)] = active
            self._reports.append((inf, InputStatus(bytes(self._inputs))))
        elif contact not in self._local:
            raise LocalProtocolError(f"nothing is wired to this reader as {contact}")
        else:
            self._local[contact] = active
            self._reports.append((inf, self._local_status()))

    def receive_data(self, data: bytes, now: float) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""
        if now - self._received_at > _FRAME_PAUSE:
            self._decoder.clear()
        self._received_at = now
        for frame in self._decoder.receive(data):
            # Whoever speaks after a command has ended our turn to answer it.
            self._outgoing = b""
            if not frame.reply and frame.address in {self._address, BROADCAST}:
                self._outgoing = self._answer(frame, now)

    def data_to_send(self, _now: float) -> list[bytes]:
        """Return the reply to the last command, once."""
        outgoing, self._outgoing = self._outgoing, b""
        return [outgoing] if outgoing else []

    def events(self) -> Sequence[Commanded]:
        """Return what the control side wanted since the last call."""
        events = tuple(self._events)
        self._events.clear()
        return events

    def _forget(self) -> None:
        """Drop the conversation, and with it a reply that nobody acknowledged."""
        self._channel.drop()
        self._sequence: int | None = None
        self._command: Frame | None = None
        self._reply = b""

    def _answer(self, frame: Frame, now: float) -> bytes:
        if frame.sequence == 0 or now - self._commanded_at > SILENCE:
            self._forget()
        if frame == self._command:
            return self._reply
        self._commanded_at = now
        if self.busy:
            return self._encode(frame, Busy(), sequence=0)
        if not self._follows(frame):
            return self._encode(frame, Nak(NakReason.BAD_SEQUENCE))
        self._sequence = frame.sequence
        self._command = frame
        self._reply = self._carry_out(frame, now)
        return self._reply

    def _follows(self, frame: Frame) -> bool:
        if self._command is None or self._sequence is None:
            return frame.sequence == 0
        if frame.crc is not self._command.crc:
            return False
        return frame.sequence == self._sequence % _LAST_SEQUENCE + 1

    def _carry_out(self, frame: Frame, now: float) -> bytes:
        block: SecurityBlock | None = None
        try:
            command = self._channel.open(frame)
            reply, block = self._converse(self._decode(command), frame, now)
        except Declined as declined:
            reply = declined.reply
        sealed = is_sealed(frame) and self._channel.up
        encoded = self._encode(frame, reply, block, sealed=sealed)
        if isinstance(reply, InitialMac):
            self._channel.establish(reply)
        elif frame.address != BROADCAST and isinstance(reply, Communication):
            self._address = reply.address
        return encoded

    def _converse(
        self, command: Message, frame: Frame, now: float
    ) -> tuple[Message, SecurityBlock | None]:
        match command:
            case Challenge():
                return self._channel.challenge(command, self._client, frame.block)
            case ServerCryptogram():
                return self._channel.accept(command)
            case Poll():
                return self._report(now), None
            case FileFragment():
                return self._files.take(command), None
            case _ if type(command) in _CARRIED_OUT:
                return self._obey(command, now), None
            case _:
                return self._tell(command, now), None

    def _report(self, now: float) -> Message:
        while self._reports:
            expires, report = self._reports.popleft()
            if now < expires:
                return report
        return Ack()

    def _tell(self, command: Message, now: float) -> Message:
        """Answer a question; whatever else is well-formed is taken note of."""
        if isinstance(command, ExtendedWrite):
            return self._slot.take(command)
        answers: dict[type[Message], Callable[[], Message]] = {
            IdentityRequest: lambda: self._settings.identity,
            CapabilitiesRequest: self._capabilities,
            LocalStatusRequest: self._local_status,
            InputStatusRequest: lambda: InputStatus(bytes(self._inputs)),
            OutputStatusRequest: lambda: self._output_status(now),
            ReaderStatusRequest: lambda: ReaderStatus(b"\x00"),
        }
        return answers.get(type(command), Ack)()

    def _obey(self, command: Message, now: float) -> Message:
        reply: Message = Ack()
        match command:
            case SetOutputs():
                self._switch(command, now)
                reply = self._output_status(now)
            case SetKey() if not self._channel.up:
                raise Declined(NakReason.SECURITY_REQUIRED)
            case SetKey():
                self._channel.key = command.key
                self._channel.commissioning = False
            case SetCommunication() if command.address >= BROADCAST:
                raise Declined(NakReason.UNABLE)
            case SetCommunication():
                reply = Communication(command.address, command.baud)
            case _:
                pass
        self._events.append(Commanded(command, now))
        return reply

    def _switch(self, command: SetOutputs, now: float) -> None:
        if any(one.output >= len(self._outputs) for one in command.settings):
            raise Declined(NakReason.UNABLE)
        for one in command.settings:
            self._outputs[one.output].command(one, now)

    @property
    def _client(self) -> bytes:
        """Eight bytes that tell one reader from any other."""
        identity = self._settings.identity
        serial = identity.serial.to_bytes(4, "little")
        return identity.vendor[:2] + bytes((identity.model, identity.version)) + serial

    def _local_status(self) -> LocalStatus:
        return LocalStatus(*map(int, self._local.values()))

    def _output_status(self, now: float) -> OutputStatus:
        return OutputStatus(bytes(output.active(now) for output in self._outputs))

    def _capabilities(self) -> Capabilities:
        rows = {
            Function.CONTACTS: (1, len(self._inputs)),
            Function.OUTPUTS: (2, len(self._outputs)),
            Function.CARD_FORMAT: (1, 0),
            Function.LEDS: (4, 1),
            Function.BUZZER: (2, 1),
            Function.TEXT: (1, 1),
            Function.CHECK: (1, 0),
            Function.SECURITY: (1 if self._channel.usable else 0, 0),
            Function.RECEIVE_SIZE: (LARGEST_FRAME & 0xFF, LARGEST_FRAME >> 8),
            Function.READERS: (1, 1),
        }
        if self._settings.smart_cards:
            rows[Function.SMART_CARD] = (1, 0)
        return Capabilities(
            tuple(Capability(function, *row) for function, row in rows.items())
        )

    def _decode(self, frame: Frame) -> Message:
        if frame.code not in COMMANDS:
            raise Declined(NakReason.UNKNOWN_COMMAND)
        try:
            return decode_message(COMMANDS, frame.code, frame.data)
        except MessageRefused as error:
            raise Declined(NakReason.BAD_LENGTH) from error

    def _encode(
        self,
        command: Frame,
        reply: Message,
        block: SecurityBlock | None = None,
        *,
        sequence: int | None = None,
        sealed: bool = False,
    ) -> bytes:
        frame = Frame(
            address=command.address,
            reply=True,
            sequence=command.sequence if sequence is None else sequence,
            code=reply.code,
            data=reply.encode(),
            block=block,
            crc=command.crc,
        )
        return encode_frame(self._channel.seal(frame) if sealed else frame)
