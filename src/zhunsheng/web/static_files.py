"""How styles and scripts are kept for browsers: under names with their digests, packed by gzip."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class PackedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # the package has no types
    """Files packed by gzip alone, whatever else is installed: brotli takes seconds at the first start of a
    site to save an office's network some kilobytes once.
    """

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Return what packs a file."""
        return Compressor(use_brotli=False, **kwargs)
