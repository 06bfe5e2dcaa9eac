"""Sign-in by the password of an LDAP directory, for people the administrator has entered: a bind under their
own name, over TLS.
"""

from __future__ import annotations

import logging
import ssl
from typing import Any

import ldap3
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from zhunsheng.web.models import User
from zhunsheng.web.services import directory

log = logging.getLogger(__name__)
PATIENCE = 10  # seconds until a directory that does not answer is given up


class Backend(ModelBackend):
    """Match the name that the directory let in with the user name here; nobody is created.

    A request whose directory could not be asked has ``directory_down``; one that the directory let in and
    this site does not know has ``unknown_person``: neither is a wrong password.
    """

    def authenticate(  # type: ignore[override]  # no other credentials are of this backend
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None
    ) -> User | None:
        """Return the user that the directory lets in by a password, None for nobody."""
        # Without a password a bind is an anonymous one, which any directory takes (RFC 4513, 5.1.2).
        if request is None or not username or not password:
            return None
        try:
            groups = _groups(username, password)
        except (LDAPException, OSError, ssl.SSLError) as error:
            log.error("the directory can't be asked: %s: %s", type(error).__name__, error)
            request.directory_down = True  # type: ignore[attr-defined]
            return None
        if groups is None:
            return None
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            request.unknown_person = username  # type: ignore[attr-defined]
            return None
        directory.follow(user, groups)
        return user


def _groups(name: str, password: str) -> list[str] | None:
    """Bind as a person; return the names and DNs of their groups, None where the directory refuses. Raises
    ``LDAPException`` or ``OSError`` where it can't be asked.
    """
    secure = settings.LDAP_SERVER.startswith("ldaps:")
    trust = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=settings.LDAP_CA)
    server = ldap3.Server(settings.LDAP_SERVER, tls=trust, connect_timeout=PATIENCE, get_info=ldap3.NONE)
    who = settings.LDAP_USER_DN % {"user": escape_rdn(name)}
    asked: dict[str, Any] = {"user": who, "password": password, "receive_timeout": PATIENCE}
    connection = ldap3.Connection(server, **asked)
    connection.open()
    try:
        if not secure and not connection.start_tls():
            raise LDAPException(f"no TLS: {connection.result}")
        if not connection.bind():
            return None
        if not settings.LDAP_GROUPS:
            return []
        one, plain = escape_filter_chars(who), escape_filter_chars(name)
        asks = f"(|(member={one})(uniqueMember={one})(memberUid={plain}))"
        connection.search(settings.LDAP_GROUPS, asks, attributes=["cn"])
        found = []
        for entry in connection.response or ():
            if entry["type"] == "searchResEntry":
                found += [entry["dn"], *entry["attributes"].get("cn", ())]
        return found
    finally:
        connection.unbind()
