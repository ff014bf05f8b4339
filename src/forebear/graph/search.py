"""Searching names and descriptions, with the same statement on both engines.

Both engines split text the same way, by Unicode words: `openvla-7b` is found as openvla and as 7b, but `bridge_orig` and
`v2.1` are one word each, found by their beginning and not by `orig`. (The analyzers that split at an underscore, like
Lucene's simple one, drop digits: worse for names.) Neo4j has one index over everything, the embedded engine one per label and
property, so the indexes are a parameter. A word is looked for exactly and as a prefix, exact matches counting four times;
every word must be found, in whichever property.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from forebear.graph.dialect import Engine
from forebear.graph.indexes import FullText

# What Lucene's words are (UAX #29): an ideograph each; letters and digits, with what stands between two letters or digits.
_IDEOGRAPH = r"[\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
_BETWEEN = r"(?<=[^\W\d_])['\u2019.\u00b7:](?=[^\W\d_])|(?<=\d)['\u2019.,;](?=\d)"
_WORD = re.compile(rf"{_IDEOGRAPH}|(?:(?!{_IDEOGRAPH})(?:\w|{_BETWEEN}))+")
_MOST_WORDS = 10


def words(text: str) -> list[str]:
    """What `$words` is for the text that a user typed; empty where it holds no word."""
    lowered = text.lower()
    # A mark belongs to the letter before it, but Python's `\w` does not hold marks.
    letters = "".join("x" if unicodedata.category(c).startswith("M") else c for c in lowered)
    found = dict.fromkeys(lowered[m.start() : m.end()].replace(":", r"\:") for m in _WORD.finditer(letters))
    return [f"({word}^4 OR {word}*)" for word in list(found)[:_MOST_WORDS]]


def indexes(engine: Engine, full_text: FullText) -> Sequence[str]:
    """What `$indexes` is: the names to search under."""
    if engine is Engine.NEO4J:
        return [full_text.name]
    return [f"{label}[{name}]" for label, properties in full_text.label_properties.items() for name in properties]
