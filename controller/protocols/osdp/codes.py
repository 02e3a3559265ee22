"""The numbers OSDP puts on the wire, by name."""

from enum import IntEnum


class CommandCode(IntEnum):
    """Commands the control side sends."""

    POLL = 0x60
    ID = 0x61
    CAP = 0x62
    LSTAT = 0x64
    ISTAT = 0x65
    OSTAT = 0x66
    RSTAT = 0x67
    OUT = 0x68
    LED = 0x69
    BUZ = 0x6A
    TEXT = 0x6B
    COMSET = 0x6E
    KEYSET = 0x75
    CHLNG = 0x76
    SCRYPT = 0x77
    ACURXSIZE = 0x7B
    FILETRANSFER = 0x7C
    XWR = 0xA1


class ReplyCode(IntEnum):
    """Replies a reader sends."""

    ACK = 0x40
    NAK = 0x41
    PDID = 0x45
    PDCAP = 0x46
    LSTATR = 0x48
    ISTATR = 0x49
    OSTATR = 0x4A
    RSTATR = 0x4B
    RAW = 0x50
    KEYPAD = 0x53
    COM = 0x54
    CCRYPT = 0x76
    RMAC_I = 0x78
    BUSY = 0x79
    FTSTAT = 0x7A
    XRD = 0xB1


class NakReason(IntEnum):
    """Why a reader declined a command."""

    BAD_CHECK = 1
    BAD_LENGTH = 2
    UNKNOWN_COMMAND = 3
    BAD_SEQUENCE = 4
    SECURITY_UNSUPPORTED = 5
    SECURITY_REQUIRED = 6
    BIOMETRIC_TYPE = 7
    BIOMETRIC_FORMAT = 8
    UNABLE = 9


class Function(IntEnum):
    """What a reader can do, as far as we ask."""

    CONTACTS = 1
    OUTPUTS = 2
    CARD_FORMAT = 3
    LEDS = 4
    BUZZER = 5
    TEXT = 6
    CHECK = 8
    SECURITY = 9
    RECEIVE_SIZE = 10
    SMART_CARD = 12
    READERS = 13


class OutputControl(IntEnum):
    """What to do with an output; timers count tenths of a second."""

    NONE = 0
    OFF_NOW = 1
    ON_NOW = 2
    OFF_AFTER_TIMER = 3
    ON_AFTER_TIMER = 4
    ON_FOR = 5
    OFF_FOR = 6


class TemporaryControl(IntEnum):
    """What to do with a passing light."""

    NONE = 0
    CANCEL = 1
    SET = 2


class PermanentControl(IntEnum):
    """What to do with the light that stays."""

    NONE = 0
    SET = 1


class Colour(IntEnum):
    """Colours of a reader's light."""

    BLACK = 0
    RED = 1
    GREEN = 2
    AMBER = 3
    BLUE = 4
    MAGENTA = 5
    CYAN = 6
    WHITE = 7


class Tone(IntEnum):
    """What the buzzer does."""

    NONE = 0
    OFF = 1
    DEFAULT = 2


class TextControl(IntEnum):
    """How long a text stays, and whether it wraps."""

    PERMANENT = 1
    PERMANENT_WRAPPED = 2
    TEMPORARY = 3
    TEMPORARY_WRAPPED = 4


class FileState(IntEnum):
    """How a reader gets on with a file; whatever is below 0 ends it."""

    PROCEED = 0
    PROCESSED = 1
    REBOOTING = 2
    FINISHING = 3
    ABORTED = -1
    UNRECOGNISED = -2
    MALFORMED = -3


class KeyUse(IntEnum):
    """Which key the security block of a handshake speaks of."""

    DEFAULT = 0
    OWN = 1
