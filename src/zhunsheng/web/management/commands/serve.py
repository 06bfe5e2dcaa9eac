"""Start the whole site on one machine: migrations, static files, a background worker, and the web server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

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
        self._refuse_taken(host, port)
        self.stdout.write("正在准备数据库和静态文件，第一次要几十秒……")
        self.stdout.flush()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if sample:
            call_command("sample_site")
        # A service manager stops it with this signal; its children end with it, as they do after Ctrl+C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        worker = [sys.executable, "-m", "django", "worker", "--no-startup-delay", "--verbosity", "0"]
        children = [subprocess.Popen(worker, env=self._environment())]
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
            if self._answers(pages, host, port):
                self._announce(host, port, sample=sample)
            pages.wait()
        except KeyboardInterrupt:
            pass
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(30)

    @staticmethod
    def _refuse_taken(host: str, port: int) -> None:
        """Say before anything is prepared that another program listens there."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            socket.create_server((host, port), family=family).close()
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise CommandError(
                f"{host}:{port} 不能用（{why}）：另有程序在用时，请用 --port 换一个端口"
            ) from None

    @staticmethod
    def _answers(pages: subprocess.Popen[bytes], host: str, port: int) -> bool:
        """Wait until the pages can be opened; say whether they can, as far as their server lives."""
        reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        while pages.poll() is None:
            try:
                socket.create_connection((reached, port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return True
        return False

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
