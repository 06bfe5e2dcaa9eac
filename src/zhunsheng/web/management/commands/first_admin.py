"""Make the first organisation and its administrator on an empty site; everyone else is entered through the pages."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zhunsheng.web.models import Membership, Role, User
from zhunsheng.web.services import office


class Command(BaseCommand):
    """``manage.py first_admin NAME [--organisation 示例市]``: prints a password that must be changed at the first sign-in."""

    help = "在空网站上建立第一个组织和系统管理员"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user name and the name of the topmost organisation."""
        parser.add_argument("username")
        parser.add_argument("--organisation", default="本市")

    def handle(self, *args: Any, username: str, organisation: str, **options: Any) -> None:
        """Make both, or refuse where there are users already."""
        if User.objects.exists():
            raise CommandError("已有用户，请由系统管理员在网页上新增")
        top = office.found(organisation, office.Kind.CITY, None)
        password = f"{secrets.token_urlsafe(12)}-Zs1"
        user = User(username=username, display=username, must_change=True)
        user.set_password(password)
        user.save()
        Membership.objects.create(user=user, organisation=top, role=Role.ADMIN)
        self.stdout.write(f"已建立 {organisation} 和系统管理员 {username}，临时密码（首次登录须修改）：{password}")
