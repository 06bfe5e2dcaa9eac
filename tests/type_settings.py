"""The site's own settings for mypy, which reads by them what models and their fields give;
they leave no data folder.
"""

import os
import tempfile

with tempfile.TemporaryDirectory(prefix="zhunsheng-types-") as scratch:
    os.environ["ZHUNSHENG_DATA"] = scratch
    from zhunsheng.web.settings import *  # noqa: F403
