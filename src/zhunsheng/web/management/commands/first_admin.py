"""Make the first administrator, and the first organisation on an empty site; everyone else is entered through
the pages.
"""

from __future__ import annotations

import secrets

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.utils import OperationalError, ProgrammingError

from zhunsheng.web.models import Membership, Organisation, Role, User
from zhunsheng.web.services import office


class Command(BaseCommand):
    """``manage.py first_admin NAME [--organisation 示例市]``: prints a password that must be changed at the
    first sign-in.
    """

    help = "在空网站上建立第一个组织和系统管理员；已没有能用的系统管理员时，在最上级单位再建立一个"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user name and the name of the topmost organisation."""
        parser.add_argument("username")
        parser.add_argument("--organisation", default="本市")

    def handle(self, *args: object, username: str, organisation: str, **options: object) -> None:
        """Make both, or the administrator alone where none is left; refuse where one can sign in."""
        try:
            held = Membership.objects.filter(role=Role.ADMIN, active=True, user__is_active=True)
            if held.filter(organisation__parent=None, organisation__active=True).exists():
                raise CommandError("已有系统管理员，请由系统管理员在网页上新增用户")
            if User.objects.filter(username=username).exists():
                raise CommandError(f"用户名 {username} 已存在，请另取一个")
        except (OperationalError, ProgrammingError):
            raise CommandError(
                "数据库还没有建立，请先运行 zhunsheng serve 或 zhunsheng admin migrate"
            ) from None
        top = Organisation.objects.filter(parent=None, active=True).order_by("pk").first()
        if top is None:
            top = office.found(organisation, office.Kind.CITY, None)
        password = f"{secrets.token_urlsafe(12)}-Zs1"
        user = User(username=username, display=username, must_change=True)
        user.set_password(password)
        user.save()
        Membership.objects.create(user=user, organisation=top, role=Role.ADMIN)
        self.stdout.write(f"已建立 {top} 的系统管理员 {username}，临时密码（首次登录须修改）：{password}")
