"""Where tests find things, and the sample bureau's name."""

import json
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
REAL = Path(__file__).parents[2] / "shared" / "inputs" / "gaoxin-2021.txt"
DEPARTMENT = "示例区市场监督管理局"
VERIFY_PAGE = Path(__file__).parents[1] / "src" / "zhunsheng" / "draws" / "verify.html"
VECTORS = json.loads((Path(__file__).parents[1] / "docs" / "draw-vectors.json").read_text("utf8"))
# chain -> a real round as drand published it: quicknet 1000, default 3311596.
BEACONS = {
    source["chain"]: value
    for one in VECTORS["sources"][:2]
    for source, value in zip(one["plan"]["randomness"], one["values"], strict=True)
}
