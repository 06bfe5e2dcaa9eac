"""How the documents become pages that open from a folder without internet (`make site`)."""

from __future__ import annotations

import re
from typing import Any

from sphinx.search.zh import SearchChinese

project = "准绳"
language = "zh_CN"
html_title = "准绳的文档"
extensions = ["myst_parser", "sphinx_external_toc"]
external_toc_path = "sphinx/toc.yml"
exclude_patterns = ["sphinx"]
html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
# A summary is fetched from the page found, which a browser refuses to a file.
html_show_search_summary = False
# Headings are named as a code host names them, so that one link leads there and here.
myst_heading_anchors = 4


class Pairs(SearchChinese):
    """Chinese by pairs of signs, in the index and in a question alike: it needs no dictionary."""

    # Of the stemmer that the page loads: Sphinx 9.0 asks for a Chinese one, which it has not.
    language_name = "English"
    js_splitter_code = """
function splitQuery(query) {
  const pairs = run => run.length < 2 ? [run] : [...run].slice(1).map((sign, n) => run[n] + sign);
  const found = query.match(/[\\u4e00-\\u9fff]+|[a-zA-Z0-9_]+/g) || [];
  return found.flatMap(run => run.charCodeAt(0) < 0x4e00 ? [run] : pairs(run));
}
"""

    def split(self, input: str) -> list[str]:
        """Return the words of Latin letters and the pairs of Chinese signs of a text."""
        found = self.latin1_letters.findall(input)
        self.latin_terms.update(found)
        for run in re.findall("[一-鿿]+", input):
            found += [run] if len(run) == 1 else [run[n : n + 2] for n in range(len(run) - 1)]
        return found


def setup(app: Any) -> None:
    """Take the search of this file for Chinese."""
    app.add_search_language(Pairs)
