"""How the control side brings a reader into service, one question at a time."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import Function, KeyUse, NakReason
from controller.protocols.osdp.commands import (
    CapabilitiesRequest,
    Challenge,
    IdentityRequest,
    ServerCryptogram,
    SetKey,
)
from controller.protocols.osdp.frames import BlockType, SecurityBlock
from controller.protocols.osdp.link import Link
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import (
    Ack,
    Capabilities,
    ClientCryptogram,
    Identity,
    InitialMac,
    Nak,
)
from controller.protocols.osdp.secure import (
    DEFAULT_KEY,
    RANDOM_LENGTH,
    RandomSource,
    SecureChannel,
    SessionKeys,
)
from controller.session import Member


@dataclass(frozen=True, slots=True)
class Question:
    """A command, and the security block a handshake command carries."""

    message: Message
    block: SecurityBlock | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reader in service: which key it proved, who it is and what it can do."""

    key: bytes | None
    identity: Identity | None
    capabilities: Capabilities

    @property
    def secure(self) -> bool:
        """Say whether the reader proved its own key."""
        return self.key is not None


Dialogue = Generator[Question, Message, Outcome]
Handshake = Generator[Question, Message, None]
Attempt = Generator[Question, Message, bytes | None]
"""Ends with the key of its own that the reader proved."""


def set_up(
    link: Link, member: Member, keys: Sequence[bytes], random: RandomSource
) -> Dialogue:
    """Ask until the reader is in service; raises MessageRefused when it must not be.

    The keys the reader may hold come first, in order. The default key is tried for a
    member under commissioning only, and then serves to hand over the first of them.
    A reader is spoken to in clear only when its member allows that. Who a reader is
    and what it can do is believed as far as the channel it came through.
    """
    identity = yield Question(IdentityRequest())
    key = None
    if member.secure or (yield from _offers_channel()):
        key = yield from _enter_channel(link, member, keys, random)
    if link.channel:
        identity = yield Question(IdentityRequest())
    known = identity if isinstance(identity, Identity) else None
    return Outcome(key, known, (yield from _ask_capabilities()))


def _ask_capabilities() -> Generator[Question, Message, Capabilities]:
    reply = yield Question(CapabilitiesRequest())
    return reply if isinstance(reply, Capabilities) else Capabilities(())


def _offers_channel() -> Generator[Question, Message, bool]:
    capabilities = yield from _ask_capabilities()
    return bool(capabilities.find(Function.SECURITY).compliance & 1)


def _enter_channel(
    link: Link, member: Member, keys: Sequence[bytes], random: RandomSource
) -> Attempt:
    refusal = MessageRefused("there is no key to try")
    for attempt in _attempts(link, member, keys, random):
        try:
            return (yield from attempt)
        except MessageRefused as error:
            refusal = error
    if member.secure:
        raise refusal
    return None


def _attempts(
    link: Link, member: Member, keys: Sequence[bytes], random: RandomSource
) -> list[Attempt]:
    attempts = [_own_key(link, key, random) for key in keys]
    if member.commissioning:
        attempts.append(_default_key(link, next(iter(keys), None), random))
    return attempts


def _own_key(link: Link, key: bytes, random: RandomSource) -> Attempt:
    yield from _shake_hands(link, KeyUse.OWN, key, random)
    return key


def _default_key(link: Link, own: bytes | None, random: RandomSource) -> Attempt:
    yield from _shake_hands(link, KeyUse.DEFAULT, DEFAULT_KEY, random)
    if own is None:
        return None
    reply = yield Question(SetKey(own))
    if not isinstance(reply, Ack):
        raise MessageRefused(f"the reader did not take its key: {explain(reply)}")
    link.reset()
    return (yield from _own_key(link, own, random))


def _shake_hands(
    link: Link, use: KeyUse, key: bytes, random: RandomSource
) -> Handshake:
    keys = SessionKeys(key, challenge := random(RANDOM_LENGTH))
    flag = bytes((use,))
    block = SecurityBlock(BlockType.CHALLENGE, flag)
    reply = yield Question(Challenge(challenge), block)
    if not isinstance(reply, ClientCryptogram):
        raise MessageRefused(f"secure channel refused: {explain(reply)}")
    if not compare_digest(reply.cryptogram, keys.client_cryptogram(reply.random)):
        raise MessageRefused("secure channel refused: the reader has another key")
    proof = keys.server_cryptogram(reply.random)
    block = SecurityBlock(BlockType.SERVER_CRYPTOGRAM, flag)
    reply = yield Question(ServerCryptogram(proof), block)
    if not isinstance(reply, InitialMac):
        raise MessageRefused(f"secure channel refused: {explain(reply)}")
    mac = keys.initial_mac(proof)
    if not compare_digest(reply.mac, mac):
        raise MessageRefused("secure channel refused: the reader has another key")
    link.channel = SecureChannel(keys, mac)


_REASONS: Mapping[int, str] = {
    NakReason.BAD_CHECK: "the check value was wrong",
    NakReason.BAD_LENGTH: "the command has the wrong length",
    NakReason.UNKNOWN_COMMAND: "the command is not known",
    NakReason.BAD_SEQUENCE: "the sequence number was unexpected",
    NakReason.SECURITY_UNSUPPORTED: "the key or the secure channel is not supported",
    NakReason.SECURITY_REQUIRED: "the secure channel is required",
    NakReason.BIOMETRIC_TYPE: "the biometric type is not supported",
    NakReason.BIOMETRIC_FORMAT: "the biometric format is not supported",
    NakReason.UNABLE: "the reader cannot do it",
}


def explain(reply: Message) -> str:
    """Say in words why a reply is not what was hoped for."""
    if isinstance(reply, Nak):
        return _REASONS.get(reply.reason, f"reason {reply.reason}")
    return f"unexpected {type(reply).__name__}"
