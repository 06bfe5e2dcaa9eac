"""The library of what templates share, which is filled file by file and which they load as ``zs``."""

from django import template

register = template.Library()
