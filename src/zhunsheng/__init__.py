"""准绳: performance targets, their evidence, their score and its proof."""

try:
    # Written when it is installed, from the history's newest tag.
    from zhunsheng._version import __version__
except ImportError:  # a checkout that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
