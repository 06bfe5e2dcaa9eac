"""The site's keys, and fingerprints by which a backup knows them again without telling them."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from django.conf import settings

from zhunsheng.web.services import transparency

# file of the data folder, the variable that goes before it
KEYS = {
    "secret.key": "ZHUNSHENG_SECRET_KEY",
    "personal.key": "ZHUNSHENG_PERSONAL_KEY",
    "log.key": "ZHUNSHENG_LOG_KEY",
}
LOG = "log.key"


def _stretched(name: str, key: str, salt: bytes) -> str:
    """Return a key's fingerprint. A person may have made the key up: each guess costs 32 MiB and a tenth of a
    second, and no two archives have the same salt (RFC 7914).
    """
    made = hashlib.scrypt(f"{name}\n{key}".encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32)
    return made.hex()


def in_force() -> dict[str, str]:
    """Return the keys that the site runs with, by the name of their file."""
    return {
        "secret.key": settings.SECRET_KEY,
        "personal.key": settings.PERSONAL_KEY,
        LOG: settings.LOG_KEY,
    }


def fingerprints() -> dict[str, str]:
    """Return what an archive says of the keys: a salt, a fingerprint of each under it, the public key of the
    transparency log.
    """
    salt = os.urandom(16)
    made = {name: _stretched(name, key, salt) for name, key in in_force().items()}
    return {"salt": salt.hex(), **made, "public": transparency.key()}


def differing(said: dict[str, str], keys: dict[str, str]) -> list[str]:
    """Return which of ``keys`` (by their files' names) are not those that an archive was made with.

    A former secret key that is still read with is the right one; so is another key of the log where the
    public one of that time is known as a former one.
    """
    salt = bytes.fromhex(said["salt"])
    wrong = []
    for name, key in keys.items():
        tried = [key, *(settings.SECRET_KEY_FALLBACKS if name == "secret.key" else ())]
        if any(hmac.compare_digest(_stretched(name, one, salt), said[name]) for one in tried):
            continue
        if name == LOG and said["public"] in settings.LOG_KEYS_FORMER:
            continue
        wrong.append(name)
    return wrong


def from_environment(name: str) -> bool:
    """Say whether a key is given by a variable, before which no file counts."""
    return KEYS[name] in os.environ


def forget_made() -> None:
    """Take away the keys that this process itself made when it started: they are of nothing."""
    for name in settings.MADE_KEYS:
        Path(settings.DATA / name).unlink(missing_ok=True)
