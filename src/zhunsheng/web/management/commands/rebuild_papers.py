"""Make papers of past days anew, and hold them byte for byte against what the register says was given out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zhunsheng.clock import day_of
from zhunsheng.files.writing import safe_name, write_whole
from zhunsheng.web.models import Paper
from zhunsheng.web.services import papers
from zhunsheng.web.services.rebuilding import rebuilt


class Command(BaseCommand):
    """``manage.py rebuild_papers [CODE …] [--day DAY] [--out FOLDER]``: exits with 1 where a paper neither
    can be made anew nor is kept.
    """

    help = "重做以前出具的文件，逐字节与登记的摘要比较"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the papers by their codes or by the day they were given out on; without either, all."""
        parser.add_argument("codes", nargs="*", metavar="CODE", help="核对码；不写就是全部")
        parser.add_argument("--day", type=date.fromisoformat, help="只重做这一天出具的，如 2026-06-30")
        parser.add_argument("--out", type=Path, help="把重做的文件写到这个文件夹")

    def handle(
        self,
        *args: object,
        codes: list[str],
        day: date | None = None,
        out: Path | None = None,
        **options: object,
    ) -> None:
        """Say of each paper from what it was made anew and whether it is the same."""
        found = Paper.objects.select_related("department").order_by("number")
        found = found.filter(code__in=[c.upper() for c in codes]) if codes else found
        found = found.filter(issued=day) if day else found
        if codes and found.count() < len(set(codes)):
            raise CommandError("有的核对码不在册")
        lost = 0
        for paper in found.iterator(chunk_size=500):
            one = rebuilt(paper)
            state = "相同" if one.same else "不同"
            kept = "当时的文件在" if one.kept else "当时的文件不在"
            told = f"{one.how}，逐字节{state}" if one.content is not None else one.how
            self.stdout.write(f"{paper.code}　{day_of(paper.issued)}　{paper.name}：{told}；{kept}")
            lost += not one.same and not one.kept
            if out is not None:
                content = one.content if one.same else (papers.file_of(paper) if one.kept else None)
                if content is not None:
                    write_whole(out / paper.code / safe_name(paper.name), content)
        if lost:
            raise CommandError(f"{lost} 份既不能重做成当时的样子，当时的文件也不在")
