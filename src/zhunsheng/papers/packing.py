"""A paper as a file: the same bytes for the same content, with its line on its face and its manifest
inside.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import escape

from lxml import etree

from zhunsheng import __version__
from zhunsheng.clock import day_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import Opened, open_bytes, parse_xml
from zhunsheng.files.writing import write_whole
from zhunsheng.papers.content import content_of
from zhunsheng.papers.manifest import Manifest, Said, manifest_of, own_code, read_manifest
from zhunsheng.translation import worded

SPACE = "urn:zhunsheng:paper:1"
ITEM = "{7C0E5B7A-3D0B-4E7C-9A51-5A48554E5348}"  # names the manifest's part to office programs
ENDINGS = (".docx", ".xlsx", ".html")  # of files that carry a manifest
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ITEM = re.compile(r"customXml/item[0-9]+\.xml")
_FIRST = ("[Content_Types].xml", "_rels/.rels")
_META = re.compile(r'<meta name="zhunsheng-paper" content="([^"]*)" data-note="([^"]*)">\n?')
STYLE = "margin:2em 1em 1em;font-size:12px;color:#595959"
_FACED = re.compile(f'<p style="{re.escape(STYLE)}">[^<]*</p>\n')
FOOT = "word/footerZs.xml"
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
MOST_FOOT = 250  # signs of a foot that Excel takes


def packed(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of members: sorted, without times, the same bytes for the same members.

    Deflate may differ between builds of zlib: byte for byte holds for one build, part by part everywhere.
    """
    buffer = io.BytesIO()
    names = sorted(members, key=lambda n: (_FIRST.index(n) if n in _FIRST else len(_FIRST), n))
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            made.writestr(info, members[name], compresslevel=6)
    return buffer.getvalue()


def members_of(data: bytes) -> dict[str, bytes]:
    """Return the members of a zip that this program wrote."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def parts_digest(members: Mapping[str, bytes], own: str) -> str:
    """Return the SHA-256 over a file's parts but the manifest's ``own``."""
    told = [
        f"{name}\x1f{hashlib.sha256(members[name]).hexdigest()}" for name in sorted(members) if name != own
    ]
    return hashlib.sha256("\x1e".join(told).encode()).hexdigest()


def plain_line(code: str, issued: date) -> str:
    """Return the line on a paper that a command made: no site knows it, nobody signed it."""
    unsigned = "命令生成，未经网站登记，没有签名"
    return f"内容码 {code}　{day_of(issued)}　{unsigned}　核对：zhunsheng verify 本文件"


def given_out(content: bytes, name: str, issued: date) -> bytes:
    """Return a paper that a command made, with its line and manifest; of another ending as it is.

    The day is what it tells of, not when it was made: the same content gives the same bytes.
    """
    if PurePosixPath(name).suffix.lower() not in ENDINGS:
        return content
    found = content_of(open_bytes(content, name))
    assert found is not None
    code = own_code(found)
    said = Said(name, code, day_of(issued), __version__, plain_line(code, issued))
    return with_manifest(content, said)[0]


def face(path: Path, issued: date) -> None:
    """Give a file that a command made its line and manifest, in place, as ``given_out``."""
    content = path.read_bytes()
    if (faced := given_out(content, path.name, issued)) != content:
        write_whole(path, faced)


def with_manifest(content: bytes, said: Said) -> tuple[bytes, Manifest]:
    """Return a paper (docx, xlsx, html of this program) with its line on every page and its manifest, not
    signed yet.
    """
    if PurePosixPath(said.name).suffix.lower() == ".html":
        text = _faced_page(content.decode(), said.line)
        found = content_of(open_bytes(text.encode(), said.name))
        assert found is not None
        manifest = manifest_of(found, said, hashlib.sha256(text.encode()).hexdigest())
        return _page_with(text, manifest.line(), "").encode(), manifest
    members = members_of(content)
    _date(members, said.issued)
    # Office programs keep parts of this name only: item1.xml, item2.xml and so on.
    number = next(n for n in range(1, len(members) + 2) if f"customXml/item{n}.xml" not in members)
    part = f"customXml/item{number}.xml"
    if "word/document.xml" in members:
        _face_word(members, said.line)
        _declare(members, "word/_rels/document.xml.rels", number)
    else:
        _face_excel(members, said.line)
        _declare(members, "xl/_rels/workbook.xml.rels", number)
    found = content_of(open_bytes(packed(members), said.name))
    assert found is not None
    manifest = manifest_of(found, said, parts_digest(members, part))
    members[part] = _part(manifest.line(), "")
    return packed(members), manifest


def without_manifest(content: bytes, name: str) -> bytes:
    """Return a paper without line and manifest, for whoever gives it out under another code; what has none
    comes back as it is.
    """
    if PurePosixPath(name).suffix.lower() == ".html":
        return _FACED.sub("", _META.sub("", content.decode())).encode()
    members = members_of(content) if PurePosixPath(name).suffix.lower() in ENDINGS else {}
    part = next((n for n in members if _ITEM.fullmatch(n) and SPACE.encode() in members[n]), None)
    if part is None:
        return content
    number = part.removeprefix("customXml/item").removesuffix(".xml")
    own = [part, f"customXml/itemProps{number}.xml", f"customXml/_rels/item{number}.xml.rels", FOOT]
    for one in own:
        members.pop(one, None)
    main = "word" if "word/document.xml" in members else "xl"
    rels = f"{main}/_rels/{'document' if main == 'word' else 'workbook'}.xml.rels"
    gone = {f"../{part}", "footerZs.xml"}
    _drop(members, rels, lambda e: e.get("Target") in gone)
    _drop(members, "[Content_Types].xml", lambda e: (e.get("PartName") or "").lstrip("/") in own)
    _unface(members)
    return packed(members)


def _drop(members: dict[str, bytes], name: str, unwanted: Callable[[etree._Element], bool]) -> None:
    root = etree.fromstring(members[name])
    for element in [e for e in root.iter() if unwanted(e)]:
        element.getparent().remove(element)
    members[name] = _xml(root)


def _unface(members: dict[str, bytes]) -> None:
    if "word/document.xml" in members:
        _drop(members, "word/document.xml", lambda e: e.tag == f"{{{_W}}}footerReference")
        return
    for name in [n for n in members if n.startswith("xl/worksheets/") and n.endswith(".xml")]:
        root = etree.fromstring(members[name], etree.XMLParser(huge_tree=True))
        for foot in root.iter(f"{{{_S}}}oddFooter"):
            _, _, rest = (foot.text or "").partition("&R&7")
            foot.text = f"&C{rest}" if rest else None
        members[name] = _xml(root)


def signed_with(content: bytes, name: str, manifest: Manifest, note: str) -> bytes:
    """Return a paper with the signature of its manifest put in."""
    if PurePosixPath(name).suffix.lower() == ".html":
        return _page_with(_META.sub("", content.decode()), manifest.line(), note).encode()
    members = members_of(content)
    part = next(n for n in members if _ITEM.fullmatch(n) and SPACE.encode() in members[n])
    return packed(members | {part: _part(manifest.line(), note)})


def carried(opened: Opened) -> tuple[Manifest, str, bool] | None:
    """Return the manifest that a file carries, its signature ("" for none), and whether every other part is
    as it was made; None for a file without. Raises ``ZS-LG-22``, ``ZS-IN-05``, ``-07``, ``-08``.
    """
    if opened.kind == "html":
        found = _META.search(opened.text)
        if found is None:
            return None
        manifest = read_manifest(html.unescape(found[1]), opened.name)
        rest = _META.sub("", opened.text)
        return manifest, html.unescape(found[2]), hashlib.sha256(rest.encode()).hexdigest() == manifest.parts
    if opened.archive is None:
        return None
    parts = [n for n in sorted(opened.archive.names) if _ITEM.fullmatch(n)]
    for part in parts:
        data = opened.member(part)
        if SPACE.encode() not in data:
            continue
        root = parse_xml(data, opened.name)
        if root.tag != f"{{{SPACE}}}paper":
            continue
        said, note = (root.findtext(f"{{{SPACE}}}{name}") or "" for name in ("manifest", "note"))
        manifest = read_manifest(said, opened.name)
        members = {n: opened.member(n) for n in opened.archive.names}
        return manifest, note, parts_digest(members, part) == manifest.parts
    return None


def checkpoint_in(opened: Opened) -> str:
    """Return the checkpoint that a paper bears, "" for none. Raises as ``carried``."""
    found = carried(opened)
    return found[0].said.checkpoint if found else ""


# -- parts of packages


def _part(manifest: str, note: str) -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<paper xmlns="{SPACE}">'
    # A carriage return would be read back as a line feed; the texts have none.
    return f"{head}<manifest>{escape(manifest)}</manifest><note>{escape(note)}</note></paper>".encode()


def _date(members: dict[str, bytes], day: str) -> None:
    if "docProps/core.xml" in members:
        when = rf"\g<1>{day}T00:00:00Z\g<2>".encode()
        members["docProps/core.xml"] = _DATES.sub(when, members["docProps/core.xml"])


def _xml(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _declare(members: dict[str, bytes], rels: str, number: int) -> None:
    """Let the main part know of the manifest's, and the package that XML is XML."""
    _related(members, rels, f"{_R}/customXml", f"../customXml/item{number}.xml")
    # Excel's files keep such a part through another program only with its properties (ECMA-376, 15.2.5).
    props = f"{_R}/customXmlProps"
    members[f"customXml/_rels/item{number}.xml.rels"] = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{_RELS}">'
        f'<Relationship Id="rId1" Type="{props}" Target="itemProps{number}.xml"/></Relationships>'
    ).encode()
    members[f"customXml/itemProps{number}.xml"] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<ds:datastoreItem xmlns:ds="{_R}/customXml" ds:itemID="{ITEM}"><ds:schemaRefs/></ds:datastoreItem>'
    ).encode()
    _typed(
        members,
        f"/customXml/itemProps{number}.xml",
        "application/vnd.openxmlformats-officedocument.customXmlProperties+xml",
    )
    root = etree.fromstring(members["[Content_Types].xml"])
    if not any(e.get("Extension") == "xml" for e in root):
        default = etree.Element(
            f"{{{_TYPES}}}Default", {"Extension": "xml", "ContentType": "application/xml"}
        )
        root.insert(0, default)
        members["[Content_Types].xml"] = _xml(root)


def _typed(members: dict[str, bytes], part: str, kind: str) -> None:
    types = etree.fromstring(members["[Content_Types].xml"])
    etree.SubElement(types, f"{{{_TYPES}}}Override", {"PartName": part, "ContentType": kind})
    members["[Content_Types].xml"] = _xml(types)


def _related(members: dict[str, bytes], rels: str, kind: str, target: str) -> str:
    root = etree.fromstring(members[rels])
    own = f"rIdZs{len(root) + 1}"
    etree.SubElement(root, f"{{{_RELS}}}Relationship", {"Id": own, "Type": kind, "Target": target})
    members[rels] = _xml(root)
    return own


def _face_word(members: dict[str, bytes], line: str) -> None:
    """Put the line at the foot of every page: sections without a foot of their own have that of the one
    before.

    Raises ``ValueError`` for a document that has feet already; none of the program's has.
    """
    root = etree.fromstring(members["word/document.xml"])
    w = f"{{{_W}}}"
    if root.findall(f".//{w}footerReference"):
        raise ValueError("a paper with a foot of its own")
    first = next(root.iter(f"{w}sectPr"))
    own = _related(members, "word/_rels/document.xml.rels", f"{_R}/footer", "footerZs.xml")
    first.insert(0, etree.Element(f"{w}footerReference", {f"{w}type": "default", f"{{{_R}}}id": own}))
    members["word/document.xml"] = _xml(root)
    run = (
        '<w:rPr><w:rFonts w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体"/><w:color w:val="595959"/>'
        '<w:sz w:val="14"/><w:szCs w:val="14"/></w:rPr>'
    )
    members[FOOT] = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:ftr xmlns:w="{_W}"><w:p><w:pPr>'
        f'<w:spacing w:before="0" w:after="0" w:line="200" w:lineRule="exact"/></w:pPr><w:r>{run}'
        f'<w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p></w:ftr>'
    ).encode()
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"
    _typed(members, "/word/footerZs.xml", kind)


def _face_excel(members: dict[str, bytes], line: str) -> None:
    """Put the line at the foot of every printed page of every worksheet, left of what stands there."""
    told = f"&L&7{line.replace('&', '&&')}"
    if len(told) > MOST_FOOT:
        raise ValueError("a line longer than a foot")
    s = f"{{{_S}}}"
    for name in sorted(members):
        if not (name.startswith("xl/worksheets/") and name.endswith(".xml")):
            continue
        root = etree.fromstring(members[name], etree.XMLParser(huge_tree=True))
        part = root.find(f"{s}headerFooter")
        if part is None:
            part = etree.Element(f"{s}headerFooter")
            before = [e for e in root if etree.QName(e).localname in _BEFORE_FOOT]
            before[-1].addnext(part)
        foot = part.find(f"{s}oddFooter")
        if foot is None:
            foot = etree.SubElement(part, f"{s}oddFooter")
        # What stood in the middle goes to the right, where it and the line don't meet.
        foot.text = told + f"&R&7{(foot.text or '').removeprefix('&C')}" if foot.text else told
        members[name] = _xml(root)


# What of a worksheet comes before its head and foot (ECMA-376, CT_Worksheet).
_BEFORE_FOOT = {
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetProtection",
    "protectedRanges",
    "autoFilter",
    "sortState",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
}


def _faced_page(text: str, line: str) -> str:
    """Put the line at the end of a page."""
    place = text.rfind("</body>")
    if place < 0:
        raise ValueError("a page without a body")
    return f'{text[:place]}<p style="{STYLE}">{html.escape(line)}</p>\n{text[place:]}'


def _page_with(text: str, manifest: str, note: str) -> str:
    said = f'content="{html.escape(manifest)}" data-note="{html.escape(note)}"'
    place = text.index("</head>")
    return f'{text[:place]}<meta name="zhunsheng-paper" {said}>\n{text[place:]}'


def refuse_kind(name: str) -> ZhunshengError:
    """Return the error for a file that carries no manifest by its kind."""
    return ZhunshengError("ZS-LG-21", name=name, kinds=worded("docx、xlsx、html"))
