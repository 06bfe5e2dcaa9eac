"""Start the whole site on one machine: migrations, static files, a background worker, and the web server."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from types import FrameType

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.web.services import starting, watching
from zhunsheng.web.services.sample_site import ACCOUNTS, PASSWORD
from zhunsheng.web.supervising import GRACE, Kept, Supervisor, ending

EVERYWHERE = ("0.0.0.0", "::")


class Command(BaseCommand):
    """``zhunsheng serve [--host 0.0.0.0] [--address NAME …] [--plain-http] [--port 8000] [--workers 2]``."""

    help = "启动网站：迁移数据库、收集静态文件、后台任务、网页服务"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to listen, with how many processes, and how long they may take to end."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--address", action="append", default=[], help="别人用来打开网站的地址或主机名")
        parser.add_argument("--plain-http", action="store_true", help="不加密，只在可信的内网或本机用")
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
        address: list[str],
        plain_http: bool,
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
        named = list(address)
        if not named and "ZHUNSHENG_HOSTS" in os.environ:
            named = [one for one in settings.ALLOWED_HOSTS if "*" not in one]
        elif not named:
            named = _own_addresses(host) if host in EVERYWHERE else [host]
        https = settings.HTTPS and not plain_http
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
            self._environment(named, https=https),
            ready=lambda: _answers(host, port),
            announce=lambda: self._announce(host, port, named, https=https, sample=sample),
            grace=grace,
        ).run()

    def _announce(self, host: str, port: int, named: list[str], *, https: bool, sample: bool) -> None:
        """Say where the site is, what it is not safe for, and how one signs in."""
        say = self.stdout.write
        if https:
            say(f"\n准绳已启动，在 {host}:{port} 等候处理 HTTPS 的代理：浏览器打开的是代理的地址。")
            say("直接用浏览器试用，或者在可信的内网不加密使用的，停下来加上 --plain-http 再启动。")
        else:
            shown = [f"http://{_bracketed(one)}:{port}/" for one in named or [host]]
            say(f"\n准绳已启动：{'、'.join(shown)}　（公开页面：{shown[0]}public）")
            if any(not _within(one) for one in named or [host]):
                say(
                    "没有加密：同一网络里的人看得到密码和内容，也能冒充已登录的人。只适合可信的内网；"
                    "录入个人信息、跨网段或公网使用的，请在前面加 HTTPS（见 operate.md）。"
                )
        if sample:
            say(f"示例账号（密码均为 {PASSWORD}）：")
            for username, role, what in ACCOUNTS:
                say(f"  {username:<10} {role}　{what}")
        elif given := starting.code():
            say(f"还没有人能登录：在浏览器里打开上面的网址，用启动码 {given} 建立本单位和第一个管理员。")
        say("按 Ctrl+C 停止。\n")
        self.stdout.flush()

    @staticmethod
    def _environment(named: list[str], *, https: bool) -> dict[str, str]:
        """Return what both processes run with: the site answers under its settings' names and these."""
        hosts = dict.fromkeys([*settings.ALLOWED_HOSTS, *map(_bracketed, named)])
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
            "ZHUNSHENG_DATA": str(settings.DATA),
            "ZHUNSHENG_HOSTS": ",".join(hosts),
            "ZHUNSHENG_HTTPS": "1" if https else "0",
        }


def _bracketed(name: str) -> str:
    """Return a host as it stands in an address: IPv6 in brackets."""
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def _within(name: str) -> bool:
    """Return whether a host is this machine alone."""
    return name in ("localhost", "::1", "[::1]") or name.startswith("127.")


def _own_addresses(host: str) -> list[str]:
    """Return the names by which others in the network reach this machine: its addresses and its host name.

    The address is the one by which it would reach another network; nothing is sent to find it out.
    """
    found = []
    networks = [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]
    for family, elsewhere in networks if host == "::" else networks[:1]:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((elsewhere, 9))
            found.append(str(asked.getsockname()[0]))
    return [*found, socket.gethostname()]


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
    reached = dict(zip(EVERYWHERE, ("127.0.0.1", "::1"), strict=True)).get(host, host)
    try:
        socket.create_connection((reached, port), timeout=1).close()
    except OSError:
        return False
    return True
