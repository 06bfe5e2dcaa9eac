"""An OpenID Connect provider as offices run one (Django OAuth Toolkit), over TLS, with a database of its own:
``python serve_provider.py PORT SITE``, where the folder of ``PROVIDER_FOLDER`` holds certificates and people.
"""

from __future__ import annotations

import json
import ssl
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


class Server(ThreadingMixIn, WSGIServer):
    """Answers several at once."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no lines."""

    def log_message(self, *said):
        """Say nothing."""


def main(port, site):
    """Make the tables, the people and the one client, and serve."""
    django.setup()
    from django.contrib.auth.models import Group, User
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    for name, groups in json.loads((settings.FOLDER / "people.json").read_text("utf8")).items():
        person = User.objects.create_user(name, password="pass-of-the-provider")
        person.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    Application.objects.create(
        client_id="zhunsheng",
        client_secret="secret-of-the-client",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=f"{site}/oidc/callback/",
        post_logout_redirect_uris=f"{site}/public",
        skip_authorization=True,
        name="zhunsheng",
    )
    server = make_server("127.0.0.1", int(port), get_wsgi_application(), Server, Quiet)
    server.base_environ["HTTPS"] = "on"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.FOLDER / "server.pem", settings.FOLDER / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
