"""The table of addresses and roles, and what a form posts to each address that acts."""

from pathlib import Path

import yaml

TABLE = yaml.safe_load((Path(__file__).parent / "access.yaml").read_text("utf8"))
POSTED = {
    "field",
    "part",
    "settle",
    "doubt",
    "same",
    "adjust",
    "undo",
    "remove",
    "job-again",
    "word",
    "low-target",
    "marks",
    "agree",
    "appoint",
    "rectification",
    "draw-register",
    "draw-lists",
    "draw-act",
    "step",
    "publish-ask",
    "publication-keep",
    "portfolio-import",
    "job-places",
    "organisation",
    "sign-out",
    "set_language",
}
