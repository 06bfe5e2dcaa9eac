"""How tests read a page and act on it: addresses of a year, steps, text without layout."""

import re

from django.urls import reverse

HTMX = {"HTTP_HX_REQUEST": "true"}


def here(department, name, *more):
    return reverse(name, args=[department.pk, 2021, *more])


def code_of(error) -> str:
    return error.value.code


def step_on(client, record, action, **said):
    """Post a step as someone does who has just opened the page, unless ``seen`` says otherwise."""
    prefix = action.split(".")[0]
    return client.post(reverse("step", args=[prefix, record.pk]), {"action": action, **said})


def flat(response):
    """Return the page with every run of white space as one blank, and none beside a tag."""
    text = re.sub(r"\s+", " ", response.content.decode())
    return re.sub(r"(?<=>) | (?=[<>])", "", text)
