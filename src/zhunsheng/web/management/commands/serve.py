"""Start the whole site on one machine: migrations, static files, a background worker, and the web server."""

from __future__ import annotations

import os
import signal
import socket
import sys
from types import FrameType

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.web.services import watching
from zhunsheng.web.services.sample_site import ACCOUNTS, PASSWORD
from zhunsheng.web.supervising import GRACE, Kept, Supervisor, ending


class Command(BaseCommand):
    """``manage.py serve [--port 8000] [--workers 2] [--grace 8]``."""

    help = "启动网站：迁移数据库、收集静态文件、后台任务、网页服务"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to listen, with how many processes, and how long they may take to end."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--sample", action="store_true", help="装入示例数据（已有数据时不再装）")
        parser.add_argument(
            "--grace", type=float, default=GRACE, help="停止时等正在做的事做完，最多多少秒（缺省 8）"
        )

    def handle(
        self,
        *args: object,
        host: str,
        port: int,
        workers: int,
        sample: bool,
        grace: float,
        **options: object,
    ) -> None:
        """Prepare, then keep the worker and the server running until a signal comes.

        Raises ``ZS-WB-90`` for an address that is taken, ``ZS-WB-92`` for data of a newer version,
        ``ZS-WB-91`` where the server does not come up.
        """
        for number in ending():  # process 1 has no default for them
            signal.signal(number, _leave)
        _refuse_taken(host, port)
        refuse_newer()
        self.stdout.write("正在准备数据库和静态文件，第一次要几十秒……")
        self.stdout.flush()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if sample:
            call_command("sample_site")
        connections.close_all()  # what follows only watches
        module = [sys.executable, "-m"]
        bound = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        server = ["-c", "python:zhunsheng.web.serving", "zhunsheng.web.wsgi:application", "--bind", bound]
        server += ["--workers", str(workers), "--graceful-timeout", str(max(1, int(grace) - 2))]
        worker = ["worker", "--no-startup-delay", "--verbosity", "0"]
        pages = Kept(worded("网页服务"), [*module, "gunicorn", *server])
        background = Kept(worded("后台进程"), [*module, "django", *worker])
        Supervisor(
            [pages, background],
            self._environment(),
            ready=lambda: _answers(host, port),
            announce=lambda: self._announce(host, port, sample=sample),
            grace=grace,
        ).run()

    def _announce(self, host: str, port: int, *, sample: bool) -> None:
        """Say where the site is and how one signs in."""
        self.stdout.write(f"\n准绳已启动：http://{host}:{port}/　（公开页面：http://{host}:{port}/public）")
        if sample:
            self.stdout.write(f"示例账号（密码均为 {PASSWORD}）：")
            for username, role, what in ACCOUNTS:
                self.stdout.write(f"  {username:<10} {role}　{what}")
        elif not get_user_model().objects.exists():
            self.stdout.write("还没有账号：另开一个终端运行 manage.py first_admin 用户名，按它给的密码登录。")
        self.stdout.write("按 Ctrl+C 停止。\n")
        self.stdout.flush()

    @staticmethod
    def _environment() -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
            "ZHUNSHENG_DATA": str(settings.DATA),
        }


def refuse_newer() -> None:
    """Refuse data that a newer version wrote, before anything is written to it. Raises ``ZS-WB-92``."""
    _pending, unknown = watching.migrations()
    if unknown:
        raise ZhunshengError("ZS-WB-92", names=", ".join(unknown))


def _leave(number: int, frame: FrameType | None) -> None:
    """End while nothing was started yet: what a migration did not finish is taken back by its transaction."""
    raise SystemExit(0)


def _refuse_taken(host: str, port: int) -> None:
    """Say before anything is prepared that another program listens there. Raises ``ZS-WB-90``."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        why = os.strerror(number) if number and number > 0 else str(error)
        raise ZhunshengError("ZS-WB-90", where=f"{host}:{port}", detail=why) from None


def _answers(host: str, port: int) -> bool:
    """Return whether the pages can be opened."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        socket.create_connection((reached, port), timeout=1).close()
    except OSError:
        return False
    return True
