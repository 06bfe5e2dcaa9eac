"""Start the whole site on one machine: migrations, static files, a background worker, and the web server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from zhunsheng.web.services.sample_site import ACCOUNTS, PASSWORD


class Command(BaseCommand):
    """``manage.py serve [--port 8000] [--workers 2]``."""

    help = "启动网站：迁移数据库、收集静态文件、后台任务、网页服务"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to listen and with how many processes."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--sample", action="store_true", help="装入示例数据（已有数据时不再装）")

    def handle(
        self, *args: object, host: str, port: int, workers: int, sample: bool, **options: object
    ) -> None:
        """Prepare, then run until interrupted; the worker ends with the server."""
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if sample:
            call_command("sample_site")
        # A service manager stops it with this signal; its children end with it, as they do after Ctrl+C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        worker = [sys.executable, "-m", "django", "worker", "--no-startup-delay", "--verbosity", "0"]
        children = [subprocess.Popen(worker, env=self._environment())]
        self.stdout.write(f"\n准绳已启动：http://{host}:{port}/　（公开页面：http://{host}:{port}/public）")
        if sample:
            self.stdout.write(f"示例账号（密码均为 {PASSWORD}）：")
            for username, role, what in ACCOUNTS:
                self.stdout.write(f"  {username:<10} {role}　{what}")
        self.stdout.write("按 Ctrl+C 停止。\n")
        self.stdout.flush()
        try:
            server = [
                sys.executable,
                "-m",
                "gunicorn",
                "zhunsheng.web.wsgi:application",
                "--bind",
                f"{host}:{port}",
            ]
            server += [
                "--workers",
                str(workers),
                "--worker-class",
                "gthread",
                "--threads",
                "4",
                "--timeout",
                "120",
                "--keep-alive",
                "75",
                "--log-level",
                "warning",
            ]
            pages = subprocess.Popen(server, env=self._environment())
            children.append(pages)
            pages.wait()
        except KeyboardInterrupt:
            pass
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(30)

    @staticmethod
    def _environment() -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
            "ZHUNSHENG_DATA": str(settings.DATA),
        }
