"""How the control side brings a reader into service, one question at a time."""

from collections.abc import Generator, Mapping
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
    """A reader in service: whether it proved its own key, and what it can do."""

    secure: bool
    capabilities: Capabilities


Dialogue = Generator[Question, Message, Outcome]
Handshake = Generator[Question, Message, None]
Attempt = Generator[Question, Message, bool]
"""Ends with whether the reader proved its own key."""


def set_up(link: Link, member: Member, random: RandomSource) -> Dialogue:
    """Ask until the reader is in service; raises MessageRefused when it must not be.

    A member's own key comes first. The default key is tried for a member under
    commissioning only, and then serves to hand over the own key. A reader is spoken
    to in clear only when its member allows that. What a reader can do is believed
    as far as the channel it came through.
    """
    yield Question(IdentityRequest())
    secure = False
    if member.secure or (yield from _offers_channel()):
        secure = yield from _enter_channel(link, member, random)
    return Outcome(secure, (yield from _ask_capabilities()))


def _ask_capabilities() -> Generator[Question, Message, Capabilities]:
    reply = yield Question(CapabilitiesRequest())
    return reply if isinstance(reply, Capabilities) else Capabilities(())


def _offers_channel() -> Attempt:
    capabilities = yield from _ask_capabilities()
    return bool(capabilities.find(Function.SECURITY).compliance & 1)


def _enter_channel(link: Link, member: Member, random: RandomSource) -> Attempt:
    refusal = MessageRefused("there is no key to try")
    for attempt in _attempts(link, member, random):
        try:
            return (yield from attempt)
        except MessageRefused as error:
            refusal = error
    if member.secure:
        raise refusal
    return False


def _attempts(link: Link, member: Member, random: RandomSource) -> list[Attempt]:
    attempts = []
    if member.key:
        attempts.append(_own_key(link, member.key, random))
    if member.commissioning:
        attempts.append(_default_key(link, member.key, random))
    return attempts


def _own_key(link: Link, key: bytes, random: RandomSource) -> Attempt:
    yield from _shake_hands(link, KeyUse.OWN, key, random)
    return True


def _default_key(link: Link, own: bytes | None, random: RandomSource) -> Attempt:
    yield from _shake_hands(link, KeyUse.DEFAULT, DEFAULT_KEY, random)
    if own is None:
        return False
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
