"""Searching names and descriptions, with the same statement on both engines.

Both engines split text the same way, by Unicode words: `openvla-7b` is found as openvla and as 7b, but `bridge_orig` and
`v2.1` are one word each, found by their beginning and not by `orig`. (The analyzers that split at an underscore, like
Lucene's simple one, drop digits: worse for names.) Neo4j has one index over everything, the embedded engine one per label and
property, so the indexes are a parameter. A word is looked for exactly and as a prefix, exact matches counting four times;
every word must be found, in whichever property.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from forebear.graph.dialect import Engine
from forebear.graph.indexes import FullText

# What Lucene's words are made of: nothing in one can be taken for its query syntax.
_WORD = re.compile(r"\w+(?:\.\w+)*")
_MOST_WORDS = 10


def words(text: str) -> list[str]:
    """What `$words` is for the text that a user typed; empty where it holds no word."""
    found = dict.fromkeys(_WORD.findall(text.lower()))
    return [f"({word}^4 OR {word}*)" for word in list(found)[:_MOST_WORDS]]


def indexes(engine: Engine, full_text: FullText) -> Sequence[str]:
    """What `$indexes` is: the names to search under."""
    if engine is Engine.NEO4J:
        return [full_text.name]
    return [f"{label}[{name}]" for label, properties in full_text.label_properties.items() for name in properties]
