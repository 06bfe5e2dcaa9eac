"""Where tests find things, and the sample bureau's name."""

from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
REAL = Path(__file__).parents[2] / "shared" / "inputs" / "gaoxin-2021.txt"
DEPARTMENT = "示例区市场监督管理局"
