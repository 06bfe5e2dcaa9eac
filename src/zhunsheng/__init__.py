"""准绳: performance targets, their evidence, their score and its proof."""

try:
    from zhunsheng._version import __version__  # written when it is installed, from the history's newest tag
except ImportError:  # a checkout that was never installed
    __version__ = "0+unknown"
