"""A paper in somebody's hands: whether it is as it was given out, who vouches for that, and since when."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhunsheng.clock import to_minute
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.files.opening import open_file
from zhunsheng.papers.comparing import Change, changes
from zhunsheng.papers.content import Content, content_of, without_line
from zhunsheng.papers.manifest import Manifest, content_digest, note_of, own_code
from zhunsheng.papers.packing import carried, checkpoint_in, refuse_kind
from zhunsheng.translation import worded
from zhunsheng.transparency.checkpoints import Checkpoint, read_checkpoint, signed_by, text_signed_by
from zhunsheng.transparency.entries import Entry, read_entries, read_entry
from zhunsheng.transparency.merkle import Growing, included

MOST_PROOF = 1_000_000  # characters of a proof: it has some sixty hashes at most, and what one entry is of

PROOF = "zhunsheng.paper-proof/1"


@dataclass(frozen=True)
class Checked:
    """What a paper came to.

    ``holds``: nothing found is against it. ``content``: its content is as the manifest says; None without
    one. ``signed`` and ``logged``: the manifest is signed by the key, stands in the log; None where that was
    not looked at. ``says`` are the findings in words, ``limits`` what they don't prove.
    """

    holds: bool
    content: bool | None
    resaved: bool | None
    signed: bool | None
    logged: bool | None
    name: str
    code: str
    issued: str
    changes: tuple[Change, ...]
    says: tuple[str, ...]
    limits: tuple[str, ...]


def paper_checked(
    path: Path, *, key: str | None = None, proof: Path | None = None, checkpoint: Path | None = None
) -> Checked:
    """Check a paper (docx, xlsx, html) against the manifest inside.

    ``key``, the site's public key as a line, checks the signature; ``proof``, a proof from the site's look-up
    page or its whole log, shows that the manifest stands there, under ``checkpoint``, kept before (a note, or
    another paper that bears one), if given. Raises ``ZS-LG-01`` to ``-03``, ``-21`` to ``-24``, ``ZS-IN-*``.
    """
    opened = open_file(path)
    content = content_of(opened)
    if content is None:
        raise refuse_kind(path.name)
    found = carried(opened)
    if found is None:
        says = worded("文件里没有核对清单：被去掉了，或者不是本程序出具的；内容是否改过无从核对")
        return Checked(False, None, None, None, None, path.name, "", "", (), (says,), ())
    manifest, note, untouched = found
    about = _Findings()
    same = content_digest(content, manifest.said.salt) == manifest.content
    moved = tuple(changes(content, manifest))
    if not same and not moved:  # what is told by short digests only decides nothing
        moved = (Change(worded("改动"), worded("某处，清单没有指明")),)
    about.content(same, untouched, moved, page=opened.kind == "html")
    about.face(content, manifest)
    signed = about.signature(manifest, note, key)
    logged = about.log(manifest, proof, checkpoint, key)
    return Checked(
        not about.against,
        same and not moved,
        not untouched,
        signed,
        logged,
        manifest.said.name,
        manifest.said.code,
        manifest.said.issued,
        moved,
        tuple(about.says),
        tuple(about.limits),
    )


class _Findings:
    """What is found, in words; ``against`` tells whether anything speaks against the paper."""

    def __init__(self) -> None:
        self.against = False
        self.says: list[str] = []
        self.limits: list[str] = []

    def refuse(self, words: str) -> bool:
        self.against = True
        self.says.append(words)
        return False

    def content(self, same: bool, untouched: bool, moved: tuple[Change, ...], *, page: bool) -> None:
        if not same or moved:
            self.refuse(worded("内容与文件里的核对清单不符，共 {n} 处", n=len(moved)))
        elif untouched:
            self.says.append(worded("内容相符，文件没有另存过"))
        elif page:
            self.says.append(worded("内容相符，文件被另存过：样式没有核对"))
        else:
            self.says.append(worded("内容相符，文件被另存过（格式、属性可能变了，文字没有变）"))

    def face(self, content: Content, manifest: Manifest) -> None:
        """Say where the line on the face is not the one that the manifest gives."""
        said = manifest.said
        rest = without_line(content, said.line)
        if rest == content:
            self.refuse(worded("文件上印的核对码一行与清单里的不同，或被去掉"))
        elif not said.log and said.code != own_code(rest):
            self.refuse(worded("文件上印的内容码不是这些内容算出的"))

    def signature(self, manifest: Manifest, note: str, key: str | None) -> bool | None:
        said = manifest.said
        if not said.log:
            self.limits.append(
                worded(
                    "这是命令生成的文件，没有网站登记，没有签名：改的人可以连清单和内容码一起重做。"
                    "手里另有当时抄下的内容码的，请与 {code} 对照：内容不同，码就不同",
                    code=said.code,
                )
            )
            if key is not None:
                return self.refuse(worded("给出了公钥，清单却没有签名：不是那个网站出具的，或者清单被重做过"))
            return None
        if key is None:
            self.limits.append(
                worded(
                    "没有给公钥（--key），签名没有核对：清单就在文件里，改的人可以连清单一起重做；"
                    "网站的公钥在它的透明日志一页"
                )
            )
            return None
        if text_signed_by(note, key) != note_of(said, manifest.digest()):
            return self.refuse(worded("清单不是这把公钥签的：别的网站的文件，或者清单被重做过"))
        self.says.append(worded("清单由这把公钥（{name}）签名：没有网站密钥的人改不了", name=said.log))
        return True

    def log(
        self, manifest: Manifest, proof: Path | None, checkpoint: Path | None, key: str | None
    ) -> bool | None:
        if proof is None:
            if manifest.said.log:
                self.limits.append(
                    worded("没有给登记证明（--proof），没有核对它是否在透明日志里；可凭核对码在网站下载")
                )
            return None
        kept = _kept(checkpoint, key) if checkpoint is not None else None
        if isinstance(kept, str):
            return self.refuse(kept)
        with proof.open("rb") if proof.is_file() else _missing(proof) as stream:
            is_log = stream.read(11) == b'{"digest":"'
        if is_log:
            return self._of_log(manifest, proof, kept)
        return self._of_proof(manifest, proof, kept, key)

    def _of_log(self, manifest: Manifest, path: Path, kept: Checkpoint | None) -> bool:
        """Look for the manifest in all entries, which must go on from the kept checkpoint."""
        tree, index, root = Growing(), None, Growing().root()
        with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for entry in read_entries(lines, path.name):
                if (entry.kind, entry.digest) == ("paper", manifest.digest()):
                    index = tree.size
                tree.add(entry.leaf())
                if kept is not None and tree.size == kept.size:
                    root = tree.root()
        if kept is not None and (kept.size > tree.size or root != kept.root):
            return self.refuse(worded("日志不是由手里的检查点延续而来：日志被改动、截断或者重建过"))
        if index is None:
            return self.refuse(worded("清单不在透明日志里：不是这个网站出具的，或者清单被重做过"))
        return self._stands(index, kept)

    def _of_proof(self, manifest: Manifest, path: Path, kept: Checkpoint | None, key: str | None) -> bool:
        entry, index, hashes, note, size = _read_proof(path)
        if (entry.kind, entry.digest) != ("paper", manifest.digest()):
            return self.refuse(worded("证明是另一份文件的，或者清单被重做过"))
        if kept is not None:
            if size != kept.size:
                raise _unfit(
                    path,
                    worded(
                        "它是前 {old} 条的，检查点是 {kept} 条：请按检查点的条数下载",
                        old=size,
                        kept=kept.size,
                    ),
                )
            if not included(entry.leaf(), index, size, hashes, kept.root):
                return self.refuse(worded("证明不成立：手里的检查点没有封存这份清单"))
            return self._stands(index, kept)
        now = read_checkpoint(note, path.name)
        if key is not None and not signed_by(note, key):
            return self.refuse(worded("证明里的检查点不是用这把公钥签的"))
        if now.size != size or not included(entry.leaf(), index, size, hashes, now.root):
            return self.refuse(worded("证明不成立：它的检查点没有封存这份清单"))
        return self._stands(index, None)

    def _stands(self, index: int, kept: Checkpoint | None) -> bool:
        n = index + 1
        if kept is None:
            self.says.append(worded("清单在透明日志第 {n} 条", n=n))
            self.limits.append(
                worded("没有给以前自己保存的检查点（--checkpoint）：日志若整个重做过，看不出来")
            )
        elif index < kept.size:
            self.says.append(
                worded(
                    "清单在透明日志第 {n} 条，已由您手里的检查点（{at}）封存：从那时起没有改过，也没有重做过",
                    n=n,
                    at=to_minute(kept.at),
                )
            )
        else:
            self.says.append(
                worded(
                    "清单在透明日志第 {n} 条，日志由您手里的检查点（{at}）延续而来；这份文件登记在那之后",
                    n=n,
                    at=to_minute(kept.at),
                )
            )
        return True


def _missing(path: Path) -> Any:
    raise ZhunshengError("ZS-IN-01", name=str(path))


def _kept(path: Path, key: str | None) -> Checkpoint | str:
    note = checkpoint_note(path)
    kept = read_checkpoint(note, path.name)
    if key is not None and not signed_by(note, key):
        return worded("手里的检查点不是用这把公钥签的")
    return kept


def checkpoint_note(path: Path) -> str:
    """Return the note of a checkpoint that someone kept: a file of it, or the one that a paper bears.
    Raises ``ZS-LG-24`` for a paper without, ``ZS-IN-*``.
    """
    if not is_paper(path):
        return written(path)
    found = checkpoint_in(open_file(path))
    if not found:
        raise ZhunshengError("ZS-LG-24", name=path.name)
    return found


def is_paper(path: Path) -> bool:
    """Return whether a file is none of the log's, by its beginning: those are JSON or notes."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        head = stream.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    return head[:1] == b"<" or head[:2] == b"PK" or head[:4] == b"%PDF" or head[:4] == b"\xd0\xcf\x11\xe0"


def _unfit(path: Path, why: str) -> ZhunshengError:
    return ZhunshengError("ZS-LG-23", name=path.name, detail=why)


def _read_proof(path: Path) -> tuple[Entry, int, list[bytes], str, int]:
    text = written(path)
    if len(text) > MOST_PROOF:
        raise _unfit(path, worded("过长"))
    try:
        said = json.loads(text)
        if said["format"] != PROOF:
            raise _unfit(path, worded("不是这种格式"))
        hashes = [base64.b64decode(p, validate=True) for p in said["proof"]]
        index, size, note = said["index"], said["size"], said["checkpoint"]
        line = said["entry"]
        if not (type(index) is type(size) is int and isinstance(note, str) and isinstance(line, str)):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise _unfit(path, worded("缺少应有的内容，或者写法不对")) from None
    return read_entry(line, 1, path.name), index, hashes, note, size
