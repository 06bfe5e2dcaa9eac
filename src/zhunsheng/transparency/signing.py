"""How checkpoints are signed: by Ed25519, or by SM2 over SM3 where the extra package is installed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from zhunsheng.errors import ZhunshengError

# What a signer is called in the hash over its name and message, where nobody agreed on another (GB/T 35276).
SM2_NAME = b"1234567812345678"
SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123  # GB/T 32918.5


@dataclass(frozen=True)
class Algorithm:
    """A way of signing; private and public keys and signatures are the bytes that its standard gives them.

    ``mark`` stands in front of a public key in its line and in its id (C2SP signed-note: an assigned byte, or
    0xff and a name of one's own).
    """

    name: str
    mark: bytes
    length: int  # bytes of a public key
    public: Callable[[bytes], bytes]
    sign: Callable[[bytes, bytes], bytes]  # private key, message
    verify: Callable[[bytes, bytes, bytes], bool]  # public key, message, signature
    private: Callable[[str], bytes]  # derived of a secret


@dataclass(frozen=True)
class Key:
    """A private key of an algorithm."""

    algorithm: Algorithm
    private: bytes

    @property
    def public(self) -> bytes:
        """Return its public key."""
        return self.algorithm.public(self.private)


def _ed25519_private(secret: str) -> bytes:
    return hashlib.sha256(b"zhunsheng.log/1\n" + secret.encode()).digest()


def _ed25519_public(private: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _ed25519_sign(private: bytes, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).sign(message)


def _ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def has_sm2() -> bool:
    """Return whether the package that computes SM2 is installed."""
    return find_spec("gmalg") is not None


def _sm2(**known: bytes) -> Any:
    if not has_sm2():
        raise ZhunshengError("ZS-LG-10")
    from gmalg import SM2

    return SM2(uid=SM2_NAME, **known)


def _sm2_private(secret: str) -> bytes:
    """Return a number from 1 to n - 2, of twice as many bits as it has, so that none is likelier."""
    found = int.from_bytes(hashlib.sha512(b"zhunsheng.log/sm2\n" + secret.encode()).digest(), "big")
    return (found % (SM2_ORDER - 2) + 1).to_bytes(32, "big")


def _sm2_public(private: bytes) -> bytes:
    made: bytes = _sm2().generate_pk(private)
    return made


def _sm2_sign(private: bytes, message: bytes) -> bytes:
    r, s = _sm2(sk=private).sign(message)
    signature: bytes = r + s
    return signature


@lru_cache(maxsize=16)
def _sm2_point(public: bytes) -> bool:
    """Return whether a key is a point of the curve: without this one beside it would do. Kept, for it takes
    a third of the time of a signature, and a log has thousands under one key.
    """
    return bool(_sm2(pk=public).verify_pk(public))


def _sm2_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    return (
        len(signature) == 64
        and _sm2_point(public)
        and bool(_sm2(pk=public).verify(message, signature[:32], signature[32:]))
    )


ED25519 = Algorithm("ed25519", b"\x01", 32, _ed25519_public, _ed25519_sign, _ed25519_verify, _ed25519_private)
SM2 = Algorithm("sm2", b"\xffzhunsheng/sm2-sm3", 65, _sm2_public, _sm2_sign, _sm2_verify, _sm2_private)
ALGORITHMS = {one.name: one for one in (ED25519, SM2)}
