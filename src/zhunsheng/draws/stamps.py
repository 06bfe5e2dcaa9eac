"""Time-stamps by outside parties on an entry of the public log: what is stamped, and what a stamp proves,
read offline.

What is stamped is an entry's line, without the line feed: its SHA-256 is the entry's own digest,
the log's head while it is the last. Each line holds the digest of the one before,
so a stamp on an entry is one on all before it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zhunsheng.clock import told
from zhunsheng.draws import opentimestamps as ots
from zhunsheng.draws.public_log import Entry
from zhunsheng.draws.verdicts import words
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import raised_with, series, worded

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

MAX_STAMP = (
    64 * 1024
)  # bytes of a file; an authority's answer with its chain of certificates has 3 to 10 thousand
SHA256 = "2.16.840.1.101.3.4.2.1"
BLOCK_CLOCK = timedelta(hours=2)  # a block's time may be off by that much: what the network's nodes take
SEQUENCE, SET, CERTIFICATES = 0x30, 0x31, 0xA0
Authorities = Mapping[str, bytes]  # name of a file -> PEM: the root of one authority, and what lies between


@dataclass(frozen=True)
class Stamp:
    """One statement on an entry (``number``) by somebody outside.

    ``kind``: ``authority`` (RFC 3161), ``pending``, ``block``, ``header``, ``other`` (OpenTimestamps).
    ``at`` is the time stamped and ``bound`` the latest that it can mean, both ISO with zone and empty where
    nothing offline tells the time. ``details`` fill the words.
    """

    number: int
    kind: str
    at: str
    bound: str
    details: dict[str, str]

    @property
    def says(self) -> str:
        """What it proves, and under what condition."""
        time = {"time": told(self.at)} if self.at else {}
        return worded(words()["stamps"][self.kind], **self.details, **time)

    def as_json(self) -> dict[str, Any]:
        """Return the fields, as they are kept."""
        return asdict(self)


def request(entry: Entry, *, nonce: bool = True) -> bytes:
    """Return the request (``.tsq``) for a stamp on an entry, which asks for the
    authority's certificate too.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder(entry.line().encode(), HashAlgorithm.SHA256, nonce=nonce, cert_req=True)
    made: bytes = builder.build().as_bytes()
    return made


def read_stamp(  # noqa: PLR0913 - a file, and each thing that it may be checked against
    content: bytes,
    name: str,
    entries: Sequence[Entry],
    authorities: Authorities,
    *,
    asked: bytes | None = None,
    policy: str | None = None,
    headers: Sequence[bytes] = (),
) -> list[Stamp]:
    """Return what a file (``.tsr`` or ``.ots``) says of the one entry that it is for, of those given.

    ``asked`` is the request that it answers, ``policy`` the object id that it must be under,
    ``headers`` Bitcoin blocks' headers. Raises ``ZS-DR-53`` for a file that can't be read,
    ``ZS-DR-54`` for one of another entry or another request, ``ZS-DR-55`` where the stamp does not hold,
    ``ZS-DR-56`` without a root certificate.
    """
    if len(content) > MAX_STAMP:
        raise ZhunshengError("ZS-DR-53", name=name, detail=worded("超过 {n} KB", n=MAX_STAMP // 1024))
    if content.startswith(ots.MAGIC[:16]):
        return _of_calendars(content, name, entries, headers)
    return [_of_authority(content, name, entries, authorities, asked, policy)]


# -- RFC 3161
# ----------------------------------------------------------------------------------------------------------


def _of_authority(
    content: bytes,
    name: str,
    entries: Sequence[Entry],
    authorities: Authorities,
    asked: bytes | None,
    policy: str | None,
) -> Stamp:
    from rfc3161_client import decode_timestamp_response

    try:
        answer = decode_timestamp_response(in_order(content))
        if answer.status:
            said = "、".join(str(one) for one in answer.status_string)[:200]
            raise ZhunshengError(
                "ZS-DR-55",
                name=name,
                detail=worded("机构没有盖章（状态 {status}）{said}", status=answer.status, said=said),
            )
        info = answer.tst_info
        imprint, nonce, at, accuracy = info.message_imprint, info.nonce, info.gen_time, info.accuracy
        spread = (
            timedelta(
                seconds=accuracy.seconds or 0,
                milliseconds=accuracy.millis or 0,
                microseconds=accuracy.micros or 0,
            )
            if accuracy
            else timedelta()
        )
        bound = at + spread
    except (ValueError, OverflowError):
        raise ZhunshengError(
            "ZS-DR-53", name=name, detail=worded("不是 RFC 3161 的时间戳回执，或不完整")
        ) from None
    if imprint.hash_algorithm.dotted_string != SHA256:
        raise ZhunshengError("ZS-DR-53", name=name, detail=worded("盖的不是 SHA-256 摘要"))
    entry = _entry_of(imprint.message.hex(), name, entries)
    if asked is not None and asked_for(asked, name) != (imprint.message, nonce):
        raise ZhunshengError(
            "ZS-DR-54", name=name, detail=worded("它答复的不是给出的那个请求（摘要或随机号不同）")
        )
    if policy is not None and info.policy.dotted_string != policy:
        raise ZhunshengError(
            "ZS-DR-55",
            name=name,
            detail=worded(
                "策略是 {given}，不是 {policy}",
                given=info.policy.dotted_string,
                policy=policy,
            ),
        )
    signer, root = _signed_by(answer, imprint.message, name, authorities)
    return Stamp(
        number=entry.number,
        kind="authority",
        at=at.isoformat(),
        bound=bound.isoformat(),
        details={"name": signer, "root": root, "policy": info.policy.dotted_string},
    )


def asked_for(asked: bytes, name: str) -> tuple[bytes, int | None]:
    """Return the digest (bytes) and the nonce of a request. Raises ``ZS-DR-53``."""
    from rfc3161_client._rust import (
        parse_timestamp_request,
    )  # the library reads requests too, without saying so

    try:
        made = parse_timestamp_request(asked)
        return made.message_imprint.message, made.nonce
    except ValueError:
        raise ZhunshengError("ZS-DR-53", name=name, detail=worded("给出的请求文件（tsq）读不出来")) from None


def _entry_of(digest: str, name: str, entries: Sequence[Entry]) -> Entry:
    """Return the entry whose digest was stamped. Raises ``ZS-DR-54``."""
    for entry in entries:
        if entry.own == digest:
            return entry
    numbers = "、".join(str(entry.number) for entry in entries) if len(entries) <= 5 else f"1–{len(entries)}"
    raise ZhunshengError(
        "ZS-DR-54",
        name=name,
        detail=worded("盖的摘要 {digest} 不是第 {numbers} 条的摘要", digest=digest, numbers=numbers),
    )


def _signed_by(
    answer: TimeStampResponse, message: bytes, name: str, authorities: Authorities
) -> tuple[str, str]:
    """Return who signed, by their certificate, and the fingerprint of the root that it leads to.

    OpenSSL judges the certificates, as of the time stamped (RFC 3161, appendix B),
    and that the signer's is for time-stamps and nothing else. Raises ``ZS-DR-55``, ``ZS-DR-56``.
    """
    from rfc3161_client import VerificationError, VerifierBuilder

    if not authorities:
        raise ZhunshengError("ZS-DR-56", detail=worded("一份也没有给出"))
    why = ""
    for file, pem in authorities.items():
        given = certificates(pem, file)
        try:
            VerifierBuilder(roots=list(given)).build().verify(answer, message)
            signer = _signer(answer)
        except (VerificationError, ValueError) as error:
            why = _in_chinese(str(error))
            continue
        return _named(signer), _fingerprint(given)
    raise ZhunshengError("ZS-DR-55", name=name, detail=why)


def _signer(answer: TimeStampResponse) -> Certificate:
    """Return the certificate that signed; the library has found it among those sent before this is asked."""
    from cryptography.x509 import load_der_x509_certificate

    (said,) = answer.signed_data.signer_infos
    sent = [load_der_x509_certificate(one) for one in answer.signed_data.certificates]
    return next(one for one in sent if (one.issuer, one.serial_number) == (said.issuer, said.serial_number))


def _in_chinese(said: str) -> str:
    """Return what the library says of a stamp that does not hold."""
    told_by = {
        "EKU": worded("签名的证书不是用来盖时间戳的"),
        "SignerInfo": worded("签名不是由一张附上的证书作出的"),
        "ertificates neither": worded("回执里没有签名的证书，请在请求时要求附上证书"),
        "verifying certificates": worded(
            "签名不成立，或签名的证书不能连到给出的根证书，或盖章时证书已过期、尚未生效"
        ),
    }
    return next((words for part, words in told_by.items() if part in said), worded("签名不成立"))


def _named(certificate: Certificate) -> str:
    """Return organisation and common name of a certificate's subject."""
    from cryptography.x509 import NameOID

    found = []
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        found += [str(one.value) for one in certificate.subject.get_attributes_for_oid(kind)]
    return " ".join(dict.fromkeys(found))[:200] or certificate.subject.rfc4514_string()[:200]


def _fingerprint(given: Sequence[Certificate]) -> str:
    """Return the SHA-256 fingerprint of the root among certificates: the first that its
    own subject issued.
    """
    from cryptography.hazmat.primitives.hashes import SHA256 as Hash

    root = next((one for one in given if one.subject == one.issuer), given[0])
    return root.fingerprint(Hash()).hex()


@lru_cache(maxsize=32)
def certificates(pem: bytes, file: str) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM file. Raises ``ZS-DR-56`` for a file that holds none."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return tuple(load_pem_x509_certificates(pem))
    except ValueError:
        raise ZhunshengError("ZS-DR-56", detail=worded("{file} 里没有 PEM 证书", file=file)) from None


def in_order(content: bytes) -> bytes:
    """Return an answer with the certificates beside its signature in the order of DER, all else untouched.

    OpenSSL and others send them in the order of the chain; the reader takes DER to the letter and would
    refuse. They are no part of what is signed. What is no answer comes back as it is.
    """
    try:
        (body, end) = _inside(content, 0, SEQUENCE)  # the answer: a status, the token
        body = _inside(content, body, SEQUENCE)[1]
        body = _inside(content, body, SEQUENCE)[0]  # the token: its type, the signed data
        body = _inside(content, body, 0x06)[1]
        body = _inside(content, _inside(content, body, CERTIFICATES)[0], SEQUENCE)[0]
        for tag in (0x02, SET, SEQUENCE):  # version, digests, what is signed
            body = _inside(content, body, tag)[1]
        (start, end) = _inside(content, body, CERTIFICATES)
        found, at = [], start
        while at < end:
            one = _inside(content, at, SEQUENCE)[1]
            found.append(content[at:one])
            at = one
    except IndexError:
        return content
    return content[:start] + b"".join(sorted(found)) + content[end:] if at == end else content


def _inside(content: bytes, at: int, tag: int) -> tuple[int, int]:
    """Return where the body of the DER element at a place begins and ends. Raises ``IndexError`` where it is
    none.
    """
    if content[at] != tag:
        raise IndexError
    size, body = content[at + 1], at + 2
    if size > 0x80:
        body += size & 0x7F
        size = int.from_bytes(content[at + 2 : body], "big")
    elif size == 0x80:
        raise IndexError
    if body + size > len(content):
        raise IndexError
    return body, body + size


# -- OpenTimestamps
# ----------------------------------------------------------------------------------------------------


def _of_calendars(
    content: bytes, name: str, entries: Sequence[Entry], headers: Sequence[bytes]
) -> list[Stamp]:
    """Return what each end of a proof says; with headers every block must have its own among them."""
    try:
        digest, ends = ots.read_proof(content)
    except ots.Unreadable as error:
        raise ZhunshengError("ZS-DR-53", name=name, detail=raised_with(error)) from None
    entry = _entry_of(digest, name, entries)
    found = []
    for end in ends:
        details = {"name": end.name, "height": str(end.height), "root": end.root}
        if end.kind != "block" or not headers:
            found.append(Stamp(entry.number, end.kind, "", "", details))
            continue
        try:
            header = ots.header_for(end, headers)
        except ots.Unreadable as error:
            raise ZhunshengError("ZS-DR-55", name=name, detail=raised_with(error)) from None
        details |= {"block": header.block, "difficulty": f"{header.difficulty:.1e}"}
        bound = (header.time + BLOCK_CLOCK).isoformat()
        found.append(Stamp(entry.number, "header", header.time.isoformat(), bound, details))
    return found


# -- what they come to
# -------------------------------------------------------------------------------------------------


def earliest(stamps: Sequence[Stamp], number: int) -> Stamp | None:
    """Return the stamp that bounds an entry's time best: on it or on a later entry, which
    holds its digest.
    """
    timed = [one for one in stamps if one.bound and one.number >= number]
    return min(timed, key=lambda one: (datetime.fromisoformat(one.bound), one.number), default=None)


def standing(stamps: Sequence[Stamp], entry: Entry, known: datetime) -> str:
    """Return what is proved of the order of a commitment (an entry of the kind ``commit``) and of numbers
    known from then on.
    """
    said, best = words()["standing"], earliest(stamps, entry.number)
    if best is None:
        on_it = [one for one in stamps if one.number >= entry.number]
        return worded(said["waiting" if on_it else "none"])
    bound = datetime.fromisoformat(best.bound)
    told_as = {"time": told(bound), "known": told(known), "at": told(entry.at)}
    order = [worded(said["before" if bound < known else "after"], **told_as)]
    if best.number > entry.number:
        order.insert(0, worded(said["later"], number=best.number))
    if bound < datetime.fromisoformat(entry.at):
        order.append(worded(said["clock"], **told_as))
    return series(order, "")
