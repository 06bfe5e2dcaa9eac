"""An S3 server of this process (moto), which can lose conditions, refuse keys, fail, and kill a client."""

from __future__ import annotations

import os
import re
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET, KEY = "evidence", "AKIATEST"


class Server:
    """A running server. ``asked`` are the writes it was asked for, in order; ``before`` is told of each and
    can prevent it by a true answer, ``after`` once it is done. ``conditions`` says whether it keeps
    ``If-None-Match``, ``down`` that it refuses all; what ``unanswered`` is true of it does, once, and says
    that it failed.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before: Callable[[str], bool | None] | None = None
        self.after: Callable[[str], None] | None = None
        self.conditions = True
        self.down = False
        self.unanswered: Callable[[str], bool] | None = None
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._http = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=_Quiet)
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        self._plain("POST", "/moto-api/reset")
        self._plain("PUT", f"/{BUCKET}")

    def env(self) -> dict[str, str]:
        """Return the environment of a client."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": "secret",
        }

    def objects(self) -> list[str]:
        """Return the names of all objects."""
        listed = self._plain("GET", f"/{BUCKET}?list-type=2").decode()
        return re.findall(r"<Key>([^<]+)</Key>", listed)

    def put(self, name: str, content: bytes) -> None:
        """Put an object past the program."""
        self._plain("PUT", f"/{BUCKET}/{name}", content)

    def get(self, name: str) -> bytes:
        """Return an object."""
        return self._plain("GET", f"/{BUCKET}/{name}")

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._plain("DELETE", f"/{BUCKET}/{name}")

    def stop(self) -> None:
        """Answer no more."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _plain(self, method: str, path: str, content: bytes | None = None) -> bytes:
        signed = f"AWS4-HMAC-SHA256 Credential={KEY}/20210101/us-east-1/s3/aws4_request"
        headers = {"X-Test": "1", "Authorization": signed, "Content-Type": "application/octet-stream"}
        request = urllib.request.Request(self.endpoint + path, content, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return bytes(answer.read())

    def _serve(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_X_TEST"):
            return self._moto(environ, start)
        if self.down:
            return _answer(start, "503 Service Unavailable", "ServiceUnavailable")
        if f"Credential={KEY}/" not in environ.get("HTTP_AUTHORIZATION", ""):
            return _answer(start, "403 Forbidden", "InvalidAccessKeyId")
        if not self.conditions:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        writes = environ["REQUEST_METHOD"] in ("PUT", "POST")
        name = environ["PATH_INFO"].removeprefix(f"/{BUCKET}/")
        if writes:
            self.asked.append(name)
            if self.before and self.before(name):
                return _answer(start, "503 Service Unavailable", "SlowDown")
        answer: list[Any] = []
        done = list(self._moto(environ, lambda *given: answer.append(given)))
        if writes and self.after:
            self.after(name)
        if writes and self.unanswered and self.unanswered(name):
            self.unanswered = None
            return _answer(start, "503 Service Unavailable", "SlowDown")
        start(*answer[0])
        return done


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


def _answer(start: Callable[..., Any], status: str, code: str) -> list[bytes]:
    start(status, [("Content-Type", "application/xml")])
    return [f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()]


@contextmanager
def serving() -> Iterator[Server]:
    """Give a server with an empty bucket; the environment of this process is that of a client of it."""
    server = Server()
    before = {name: os.environ.get(name) for name in server.env()}
    os.environ.update(server.env())
    try:
        yield server
    finally:
        server.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
