"""What a bundle's files may hold and how much, as schemas that the page reads too (``page_rules``)."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zhunsheng.draws import assignment, assignment_1, loads
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.beacons import CHAINS
from zhunsheng.draws.plan import MOMENT, Plan
from zhunsheng.draws.randomness import MAX_NUMBERS, NUMBERS
from zhunsheng.draws.slips import SALT
from zhunsheng.draws.spec import ID, KEY, PART, STRATUM_JOIN, VERSIONS
from zhunsheng.draws.verdicts import words

MAX_PROOFS = 20_000  # drawn objects up to which the bundle carries inclusion proofs
MAX_DRAWN = 120_000  # drawn with reserve that one bundle can carry
MAX_PLACED = 400_000  # drawn × inspectors an object that assignment.json can carry
MAX_STRATA = 20_000
MAX_INSPECTORS = 10_000
MAX_MATCHES = 2_000_000  # strata × quotas, each of which is compared
MAX_PACKED = MAX_UNPACKED = 64 * 2**20
MIB = 2**20
# Member -> (bytes unpacked, commas and opening brackets: a value costs one of them,
# so memory follows from them).
LIMITS: dict[str, tuple[int, int]] = {
    "plan.json": (MIB, 20_000),
    "commitment.json": (8 * MIB, 200_000),
    "seed.json": (MIB // 4, 2_000),
    "inspectors.json": (8 * MIB, 300_000),
    "drawn.json": (32 * MIB, 850_000),
    "assignment.json": (16 * MIB, 850_000),
    "cutoffs.json": (8 * MIB, 50_000),
    "proofs.json": (44 * MIB, 850_000),
    "README.txt": (MIB // 64, 2**20),
}
PARTS = tuple(name for name in LIMITS if name.endswith(".json"))
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ID = {"type": "string", "pattern": f"^{ID.pattern}$"}
_STRATUM = {"type": "string", "pattern": rf"^{PART.pattern}(?:\{STRATUM_JOIN}{PART.pattern})*$"}
_NUMBERS = {"type": "string", "pattern": f"^{NUMBERS.pattern}$", "maxLength": MAX_NUMBERS}
_AMOUNT = {"type": "integer", "minimum": 0, "maximum": 10**9}
_VERSION = f"(?:{'|'.join(map(re.escape, VERSIONS))})"
_CODE = {"type": "string", "pattern": "^[0-9A-Za-z_.-]{1,40}$"}


def _record(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _listed(items: Any, most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _named(names: Any, values: Any, most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "object", "names": names, "values": values, "minProperties": least, "maxProperties": most}


def schemas() -> dict[str, Any]:
    """Return the closed schema of each JSON file, in a small part of JSON Schema;
    plan and register follow their models.

    ``names`` and ``values`` are of an object that is a table; all other objects have the ``properties``
    listed and no more.
    """
    salt = {"type": "string", "pattern": f"^{SALT.pattern}$"}
    moment, long = {"type": "string", "pattern": MOMENT}, {"type": "string", "pattern": "^[0-9a-f]{192}$"}
    value = [
        _record(numbers=_NUMBERS),
        _record(numbers=_listed(_NUMBERS, 50)),
        _record(numbers=_listed(_NUMBERS, 50), salts=_listed(salt, 50), sealed_at=moment),
        _record(signature={"type": "string", "pattern": "^[0-9a-f]{96}$"}),
        _record(signature=long, previous_signature=long),
    ]
    path = _listed({"type": "string", "pattern": "^[LR][0-9a-f]{64}$"}, 40)
    proof = {"anyOf": [_record(salt={"type": "string", "pattern": f"^{KEY.pattern}$"}, path=path), path]}
    numbers = {"size": {**_AMOUNT, "minimum": 1}, "quota": _AMOUNT, "reserve": _AMOUNT}
    return {
        "plan.json": _flat(Plan.model_json_schema(mode="serialization")),
        "commitment.json": _record(
            format={"type": "string", "pattern": f"^{_VERSION}/commitment$"},
            draw=_CODE,
            plan=_DIGEST,
            frame=_record(count={**_AMOUNT, "minimum": 1}, digest=_DIGEST, root=_DIGEST),
            strata=_named(_STRATUM, _record(**numbers), MAX_STRATA, 1),
            inspectors=_record(count={**_AMOUNT, "maximum": MAX_INSPECTORS}, digest=_DIGEST),
            committed_at={"type": "string", "pattern": MOMENT},
        ),
        "seed.json": _record(
            format={"type": "string", "pattern": f"^{_VERSION}/seed$"},
            commitment=_DIGEST,
            values=_listed({"anyOf": value}, 10),
            randomness={"type": "string", "maxLength": 100_000},
            seed={"type": "string", "pattern": "^[0-9a-f]{32}$"},
            entered_by=_listed({"type": "string", "pattern": "^[0-9a-f]{16}$"}, 2, 2),
            controlled_by_office={"type": "boolean"},
        ),
        "inspectors.json": _listed(
            _flat(RegisteredInspector.model_json_schema(mode="serialization")), MAX_INSPECTORS
        ),
        "drawn.json": _listed(
            _record(
                stratum=_STRATUM,
                rank={**_AMOUNT, "minimum": 1},
                id=_ID,
                ticket=_DIGEST,
                reserve={"type": "boolean"},
            ),
            MAX_DRAWN,
        ),
        "assignment.json": _listed(_record(id=_ID, inspectors=_listed(_ID, 20)), MAX_DRAWN),
        "cutoffs.json": _named(_STRATUM, _DIGEST, MAX_STRATA),
        "proofs.json": _named(_ID, proof, MAX_PROOFS),
    }


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a model's schema as its record is digested: references in place, every field there,
    none of them null.
    """
    kept = (
        "type",
        "const",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
    )

    def flat(one: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in one:
            return flat(schema["$defs"][one["$ref"].rpartition("/")[2]])
        if "oneOf" in one:
            return {"anyOf": [flat(o) for o in one["oneOf"]]}
        if "anyOf" in one:
            return flat(next(o for o in one["anyOf"] if o != {"type": "null"}))
        found = {k: one[k] for k in kept if k in one and not (k == "type" and "const" in one)}
        if "items" in one:
            found["items"] = flat(one["items"])
        if "patternProperties" in one:
            ((names, values),) = one["patternProperties"].items()
            found |= {"names": {"type": "string", "pattern": names}, "values": flat(values)}
            found |= {"minProperties": 0, "maxProperties": one["maxProperties"]}
        if "properties" in one:
            fields = one["properties"]
            found["properties"] = {k: flat(v) for k, v in fields.items()}
            found["required"] = [k for k, v in fields.items() if {"type": "null"} not in v.get("anyOf", ())]
        return found

    return flat(schema)


def page_rules() -> dict[str, Any]:
    """Return the rules as ``verify.html`` carries them, in its line ``const RULES``."""
    bounds = {
        "packed": MAX_PACKED,
        "unpacked": MAX_UNPACKED,
        "matches": MAX_MATCHES,
        "places": assignment_1.MAX_PLACES,
        "pooled": assignment_1.MAX_POOLED,
        "flow": loads.MAX_STEPS,
        "steps": assignment.MAX_STEPS,
        "proofs": MAX_PROOFS,
    }
    chains = {name: asdict(chain) for name, chain in CHAINS.items()}
    said = {part: words()[part] for part in ("marks", "sources", "mixed")}
    return {"bounds": bounds, "limits": LIMITS, "chains": chains, "verdicts": said, "schemas": schemas()}


def main(page: Path) -> None:
    """Write the rules into the page that verifies in a browser."""
    rules = json.dumps(page_rules(), ensure_ascii=False, separators=(",", ":"))
    text = re.sub(r"(?m)^const RULES = .*$", lambda _: f"const RULES = {rules};", page.read_text("utf8"))
    page.write_text(text, "utf8")


if __name__ == "__main__":
    main(Path(__file__).with_name("verify.html"))
