"""Errors of the language: whose fault, and what it was."""


class ControllerError(Exception):
    """Something about a controller, its wire or its messages went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Use the class docstring as the message when none is given."""
        super().__init__(message or (type(self).__doc__ or "").strip())


class LocalProtocolError(ControllerError):
    """We asked for something the protocol does not allow: our own fault."""


class RemoteProtocolError(ControllerError):
    """The other side sent something the protocol does not allow."""


class FrameCorrupt(RemoteProtocolError):
    """A frame arrived damaged and was dropped."""


class MessageRefused(RemoteProtocolError):
    """A message is malformed, too large, unsigned or signed by someone else."""


class SignatureRefused(MessageRefused):
    """A message is signed by nobody known, or the signature does not hold."""


class NegativeReply(RemoteProtocolError):
    """The controller understood the command and declined it."""
