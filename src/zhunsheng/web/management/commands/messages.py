"""Keep the English catalogue: find every text marked for translation, bring the catalogue up to date,
compile it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

import zhunsheng
from zhunsheng.draws.public_log import KINDS as LOG_KINDS
from zhunsheng.draws.verdicts import words
from zhunsheng.errors import MESSAGES
from zhunsheng.measures import measures
from zhunsheng.regulations.limits import STATES as LIMIT_STATES
from zhunsheng.review import all_rules
from zhunsheng.review.conditions import DETAILS, NEEDS, SCOPES, SUBJECTS
from zhunsheng.targets.kinds import KIND_WORDS, SENSE_WORDS
from zhunsheng.translation import DOMAIN, LOCALE
from zhunsheng.web import vocabulary
from zhunsheng.web.services.registers import registers

ROOT = Path(zhunsheng.__file__).parent
CATALOGUE = LOCALE / "en" / "LC_MESSAGES" / f"{DOMAIN}.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "worded": None,
    "translatable": None,
    "series": (2,),  # the sign between the parts
}

CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")  # every text has some, be it a comma; else it is none


def _tables() -> Iterator[tuple[str, str]]:
    """Yield the texts that stand in tables, each with its file."""
    tables: dict[str, list[Iterable[str]]] = {
        "errors.py": list(MESSAGES.values()),
        "draws/verdicts.yaml": [part.values() for part in words().values()],
        "draws/public_log.py": [LOG_KINDS.values()],
        "review/rules": [(rule.title, rule.why, rule.mend) for rule in all_rules()],
        "review/conditions.py": [
            [one.else_why for one in SCOPES.values()],
            [one.none_why for one in SUBJECTS.values()],
            [one.name for one in NEEDS.values()],
            [one.name for one in DETAILS.values()],
        ],
        "regulations/limits.py": [LIMIT_STATES.values()],
        "measures/catalogue.yaml": [[aside.says for one in measures().values() for aside in one.asides]],
        "targets/kinds.py": [KIND_WORDS.values(), SENSE_WORDS.values()],
        "web/registers.yaml": [
            text
            for one in registers().values()
            for text in (
                (one.title, one.group, one.what, one.empty),
                one.requests,
                [f.title for f in one.fields],
            )
        ],
        "web/vocabulary.py": [vocabulary.words()],
    }
    for file, lists in tables.items():
        yield from ((file, text) for texts in lists for text in texts)


def marked() -> dict[str, list[tuple[str, int]]]:
    """Return every text to be translated with the files and lines it stands in (line 0: a table)."""
    found: dict[str, list[tuple[str, int]]] = {}
    for file, text in _tables():
        found.setdefault(text, []).append((file, 0))
    for path in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.html")]):
        text = path.read_text("utf8")
        if path.suffix == ".html":
            # What is left of a page is read as Python: its indentation means nothing and must not be read as
            # such.
            text = "\n".join(line.lstrip() for line in templatize(text).splitlines())
        for line, message, _comments, _context in extract(
            "python", io.BytesIO(text.encode()), keywords=KEYWORDS
        ):
            for one in message if isinstance(message, tuple) else (message,):
                if one and CHINESE.search(one):
                    found.setdefault(one, []).append((path.relative_to(ROOT).as_posix(), line))
    return found


def catalogue() -> Catalog:
    """Return the catalogue as it is."""
    if not CATALOGUE.is_file():
        return Catalog(locale="en")
    with CATALOGUE.open("rb") as stream:
        return read_po(stream, locale="en")


def missing() -> list[str]:
    """Return what is wrong with the catalogue: texts without translation, and ones no longer used."""
    known = {m.id: m.string for m in catalogue() if m.id}
    wanted = marked()
    return [f"没有译文：{t}" for t in wanted if not known.get(t)] + [
        f"不再使用：{t}" for t in known if t not in wanted
    ]


class Command(BaseCommand):
    """``manage.py messages [--check]``."""

    help = "更新并编译英文译文"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether only to check."""
        parser.add_argument("--check", action="store_true", help="只检查是否齐全")

    def handle(self, *args: object, check: bool = False, **options: object) -> None:
        """Check, or write the catalogue with the texts that are marked now and compile it."""
        if check:
            if problems := missing():
                raise CommandError("\n".join(problems))
            return
        known = {m.id: m.string for m in catalogue() if m.id}
        new = Catalog(locale="en", project="zhunsheng", charset="utf-8", fuzzy=False)
        for text, _places in sorted(marked().items()):
            new.add(text, known.get(text, ""), flags=["python-format"] if "%(" in text else [])
        CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
        with CATALOGUE.open("wb") as stream:
            write_po(stream, new, width=0, omit_header=False)
        with CATALOGUE.with_suffix(".mo").open("wb") as stream:
            write_mo(stream, new)
        self.stdout.write(f"共 {len(new)} 条，缺译文 {sum(1 for m in new if m.id and not m.string)} 条")
