"""Try how one indicator would be scored, before anything is kept: by the department's own rules."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from pydantic import ValidationError

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault
from zhunsheng.usecases.calculating import Calculated, CalculatedCase, score_case
from zhunsheng.web.models import Organisation
from zhunsheng.web.services.rules import rules_for

# What the page asks for, in its order; what is left empty is not said.
COLUMNS = ("level1", "level2", "name", "target", "op", "unit", "direction")


def tried(department: Organisation, year: int, said: Mapping[str, str]) -> Calculated:
    """Score what the page says by the rules of a department's year, or by the scheme it names.

    Raises ``ZS-WB-06`` for points that are none, ``ZS-SC-08`` for anything else that is no case.
    """
    indicator = {name: said[name] for name in COLUMNS if said.get(name)}
    case = {
        "year": year,
        "scheme": said.get("scheme") or None,
        "indicator": indicator,
        "actual": said.get("actual") or None,
        "points": said.get("points") or "10",
    }
    try:
        known = CalculatedCase.model_validate(case)
    except ValidationError as error:
        wrong = {str(one["loc"][-1]) for one in error.errors()}
        if "points" in wrong:
            raise ZhunshengError("ZS-WB-06", detail=_("“分值”应是大于 0、不超过 100 的数")) from None
        raise ZhunshengError("ZS-SC-08", detail=fault(error)) from None
    return score_case(known, year, rules_for(department, year))
