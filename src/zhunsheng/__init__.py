"""准绳: performance targets, their evidence, their score and its proof."""

try:
    # Written when it is installed, from the history's newest tag.
    from zhunsheng._version import __version__ as _installed
except ImportError:  # a checkout that was never installed
    _installed = "0+unknown"

__version__: str = _installed
