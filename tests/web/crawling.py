"""Find what a person can reach: pages by their links, forms and what else sends by their elements,
with every field.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.urls import Resolver404, resolve
from lxml import html

EACH = 2  # pages looked at by name of address
PASSIVE = ("static", "sign-out")
_SENDS = ("hx-post", "hx-put", "hx-patch", "hx-delete")


@dataclass
class Form:
    """What sends: method, address, and by field the values that the page has for it;
    ``files`` are its file fields.
    """

    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The name of the address it sends to."""
        return name_of(self.action)

    @property
    def key(self) -> tuple[str, str, frozenset[str], tuple[str, ...]]:
        """What tells it from others of its kind: where it sends, its fields, and what a choice hidden in it
        says.
        """
        hidden = tuple(
            sorted(v[0][:20] for n, v in self.fields.items() if n in ("what", "how", "part", "action") and v)
        )
        return self.method, self.name, frozenset({*self.fields, *self.files}), hidden


def name_of(address: str) -> str:
    """Return the name of an address, empty for one that is none of the site's."""
    try:
        return str(resolve(urlsplit(address).path).view_name or "")
    except Resolver404:
        return ""


def forms_of(page: Any, address: str) -> list[Form]:
    """Return what a page can send."""
    found = []
    for form in page.iter("form"):
        own = [e for e in form.iter("input", "select", "textarea", "button") if e.get("name")]
        if form.get("id"):
            own += page.xpath("//*[@form=$id and @name]", id=form.get("id"))
        action = form.get("hx-post") or form.get("hx-get") or form.get("action") or address
        method = "post" if form.get("hx-post") else (form.get("method") or "get").lower()
        found.append(_form(method, urljoin(address, action), own))
    for element in page.xpath("//*[" + " or ".join(f"@{a}" for a in _SENDS) + "]"):
        if element.tag != "form":
            action = next(element.get(a) for a in _SENDS if element.get(a))
            named = [e for e in element.iter("input", "select", "textarea", "button") if e.get("name")]
            included = element.get("hx-include") or ""
            if included.startswith("#"):
                named += page.xpath("//*[@id=$id]//*[@name]|//*[@id=$id and @name]", id=included[1:])
            found.append(_form("post", urljoin(address, action), named))
    return [f for f in found if f.name and f.name not in PASSIVE]


def _form(method: str, action: str, elements: list[Any]) -> Form:
    form = Form(method, action)
    for element in elements:
        name = element.get("name")
        if name == "csrfmiddlewaretoken":
            continue
        if element.get("type") == "file":
            form.files.add(name)
        elif element.tag == "select":
            form.fields.setdefault(name, []).extend(o.get("value") or "" for o in element.iter("option"))
        else:
            form.fields.setdefault(name, []).append(element.get("value") or element.text or "")
    return form


@dataclass
class Crawl:
    """What one person reached: pages (address, status), forms by key, parameters of addresses by name,
    faults.
    """

    pages: list[tuple[str, int]] = field(default_factory=list)
    forms: dict[Any, Form] = field(default_factory=dict)
    parameters: dict[str, set[str]] = field(default_factory=dict)
    faults: list[tuple[str, str, int]] = field(default_factory=list)


def crawl(client: Any, start: str = "/", each: int = EACH) -> Crawl:
    """Open pages from one on, ``each`` of a name at most, and collect what they can send."""
    found, seen, counts = Crawl(), {start}, Counter()
    waiting = deque([start, "/public", "/account", "/portfolio", "/admin", "/audit"])
    while waiting:
        address = waiting.popleft()
        answer = client.get(address, follow=True)
        found.pages.append((address, answer.status_code))
        if answer.status_code >= 500:
            found.faults.append(("get", address, answer.status_code))
        address = answer.redirect_chain[-1][0] if answer.redirect_chain else address
        if (
            answer.status_code != 200
            or "text/html" not in answer.headers.get("Content-Type", "")
            or answer.streaming
        ):
            continue
        page = html.fromstring(answer.content.decode())
        for form in forms_of(page, address):
            found.forms.setdefault(form.key, form)
        links = page.xpath("//a/@href|//*/@hx-get")
        for link in links:
            goal = urljoin(address, re.sub("#.*", "", link))
            parts = urlsplit(goal)
            if parts.netloc or parts.scheme or not (name := name_of(goal)) or name in PASSIVE:
                continue
            found.parameters.setdefault(parts.path, set()).update(k for k, _ in parse_qsl(parts.query))
            if goal not in seen and counts[name] < each:
                counts[name] += 1
                seen.add(goal)
                waiting.append(goal)
    return found
