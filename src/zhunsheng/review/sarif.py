"""Findings as SARIF 2.1.0, which code hosts and editors show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zhunsheng import __version__
from zhunsheng.review.catalogue import Finding, all_rules
from zhunsheng.targets import Place


def sarif(findings: Sequence[Finding], file: str) -> dict[str, Any]:
    """Return one SARIF run; lines become regions, table cells logical locations."""
    ids = [r.code for r in all_rules()]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "zhunsheng",
                        "version": __version__,
                        "language": "zh-CN",
                        "rules": [
                            {
                                "id": r.code,
                                "name": r.check.__name__,
                                "shortDescription": {"text": r.title},
                                "fullDescription": {"text": f"{r.why}依据：{r.basis}"},
                                "help": {"text": r.mend},
                                "defaultConfiguration": {"level": r.level},
                            }
                            for r in all_rules()
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": f.code,
                        "ruleIndex": ids.index(f.code),
                        "level": f.level,
                        "message": {"text": f"{f.title}：{f.message}。{f.mend}"},
                        "locations": [_location(f.place, file, f.sheet_name)],
                        "properties": {"basis": [one.as_json() for one in f.basis]},
                    }
                    for f in findings
                ],
            }
        ],
    }


def _location(place: Place | None, file: str, sheet: str) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": file}}}
    if place and place.line:
        location["physicalLocation"]["region"] = {"startLine": place.line}
    name = f"{sheet} {place.label()}" if place else sheet
    location["logicalLocations"] = [{"name": name, "kind": "element"}]
    return location
