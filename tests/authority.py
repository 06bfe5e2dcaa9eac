"""A time-stamp authority for tests: certificates by ``cryptography``, answers by ``openssl ts``,
which is the oracle too.
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from cryptography.x509.oid import NameOID

SETTINGS = """[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
{chain}
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def run(*words, allowed=(0,)):
    """Run openssl, which these tests can't do without; return how it ended and what it said."""
    assert shutil.which("openssl"), "tests of time-stamps need the program openssl (apt install openssl)"
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60)
    assert allowed is None or done.returncode in allowed, done.stderr
    return done


def key():
    """Return a new RSA key."""
    return rsa.generate_private_key(65537, 2048)


def name(common, organisation="某时间戳机构"):
    """Return a subject."""
    parts = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.COMMON_NAME, common),
    )
    return x509.Name([x509.NameAttribute(kind, said) for kind, said in parts])


def certificate(subject, own, issuer, signer, *, begins=-1.0, ends=30.0, serial=7, authority=False, uses=()):
    """Return a certificate; times are days from now, ``uses`` its extended purposes."""
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(serial)
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    ) | {"digital_signature": not authority, "key_cert_sign": authority, "crl_sign": authority}
    made = made.add_extension(x509.KeyUsage(**usage), critical=True)
    if uses:
        made = made.add_extension(x509.ExtendedKeyUsage(list(uses)), critical=True)
    return made.sign(signer, hashes.SHA256())


class Authority:
    """An authority in a folder: a root, and a certificate that stamps times."""

    def __init__(self, folder, *, chain=False, **said):
        folder.mkdir(parents=True)
        self.folder, self.own, self.keys = folder, key(), key()
        self.issuer = name("测试根")
        self.root = folder / "root.pem"
        root = certificate(
            self.issuer, self.keys, self.issuer, self.keys, begins=-100, ends=3650, serial=1, authority=True
        )
        self.root.write_bytes(root.public_bytes(Encoding.PEM))
        self.signer = self.issued(uses=[Use.TIME_STAMPING], **said)
        (folder / "signer.pem").write_bytes(self.signer.public_bytes(Encoding.PEM))
        plain = self.own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "signer.key").write_bytes(plain)
        (folder / "serial").write_text("01\n")
        added = f"certs = {self.root}" if chain else ""
        (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder, chain=added))

    def issued(self, **said):
        """Return a certificate of the stamping key, with the same number whatever is said of it."""
        return certificate(name("测试时间戳"), self.own, self.issuer, self.keys, **said)

    def stamp(self, asked):
        """Return the answer to a request."""
        (self.folder / "asked.tsq").write_bytes(asked)
        run(
            "ts",
            "-reply",
            "-config",
            self.folder / "tsa.cnf",
            "-queryfile",
            self.folder / "asked.tsq",
            "-out",
            self.folder / "said.tsr",
        )
        return (self.folder / "said.tsr").read_bytes()

    def holds(self, answer, data, *more):
        """Return whether ``openssl ts -verify`` takes an answer for data, with the authority's root."""
        (self.folder / "data").write_bytes(data)
        (self.folder / "answer").write_bytes(answer)
        given = ("-data", self.folder / "data", "-in", self.folder / "answer", "-CAfile", self.root)
        return run("ts", "-verify", *given, *more, allowed=None).returncode == 0

    def pem(self):
        """Return the root as the product takes it."""
        return {"root.pem": self.root.read_bytes()}


def replaced(data, old, new):
    """Return a DER structure with one element in the place of another, lengths written anew."""
    if data == old:
        return new
    tag, size, at = data[0], data[1], 2
    if size > 0x80:
        at += size & 0x7F
    if not tag & 0x20:
        return data
    body, rest = b"", data[at:]
    while rest:
        whole, head = rest[1], 2
        if whole > 0x80:
            head += whole & 0x7F
            whole = int.from_bytes(rest[2:head], "big")
        body += replaced(rest[: head + whole], old, new)
        rest = rest[head + whole :]
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return (
        bytes([tag])
        + (bytes([len(body)]) if len(body) < 0x80 else bytes([0x80 | len(length)]) + length)
        + body
    )
