"""准绳: performance targets, their evidence, their score and its proof."""

__version__ = "0.1.0"
