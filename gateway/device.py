"""The gateway's own key: made here, and never leaving."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gateway.errors import GatewayError

PRIVATE, PUBLIC = "device.key", "device.pub"


def create_key(data: Path) -> Path:
    """Make the device key unless there is one; returns the public key's file."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    private, public = data / PRIVATE, data / PUBLIC
    if not private.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(handle)
    key = read_key(data).public_key()
    public.write_bytes(
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return public


def read_key(data: Path) -> Ed25519PrivateKey:
    """Return the device key; raises GatewayError when there is none."""
    path = data / PRIVATE
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise GatewayError(f"{path} is missing. Run: menhu-gateway init") from error
    except (TypeError, ValueError) as error:  # TypeError: it asks for a password
        raise GatewayError(f"{path} is no private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise GatewayError(f"{path} is no Ed25519 key")
    return key
