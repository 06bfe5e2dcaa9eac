"""Ledger files taken in by someone who says yes to what is asked: for tests of what comes after."""

from __future__ import annotations

from functools import partial

from zhunsheng.usecases import importing

import_ledger = partial(importing.import_ledger, agreed=True)
