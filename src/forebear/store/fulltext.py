"""Searching names and descriptions, with the same statement on both engines.

Both engines split text the same way, by Unicode words: `openvla-7b` is found as openvla and as 7b,
but `bridge_orig` and `v2.1` are one word each, found by their beginning and not by `orig`. (The
analyzers that split at an underscore, like Lucene's simple one, drop digits: worse for names.)
Neo4j has one index over everything, the embedded engine one per label and property, so `indexes`
is a parameter. A word is looked for exactly and as a prefix, exact matches counting four times;
every word must be found, in whichever property.
"""

import re
from collections.abc import Collection, Sequence

from forebear.graph.indexes import FullText
from forebear.store.bolt import Engine

# Binds `node` and `score`; to be followed by WITH or RETURN.
SEARCH = """\
UNWIND $words AS word
UNWIND $indexes AS index
CALL db.index.fulltext.queryNodes(index, word) YIELD node, score
WITH node, word, max(score) AS score
WITH node, count(word) AS found, sum(score) AS score
WHERE found = size($words)"""

# What Lucene's words are made of: nothing in one can be taken for its query syntax.
_WORD = re.compile(r"\w+(?:\.\w+)*")
_MOST_WORDS = 10


def words(text: str) -> list[str]:
    """What `$words` is for the text that a user typed; empty where it holds no word."""
    found = dict.fromkeys(_WORD.findall(text.lower()))
    return [f"({word}^4 OR {word}*)" for word in list(found)[:_MOST_WORDS]]


def indexes(engine: Engine, full_text: FullText, labels: Collection[str] | None = None) -> Sequence[str]:
    """What `$indexes` is for a search of these labels, or of all.

    Neo4j's one index also finds nodes of other labels: the statement must filter them.
    """
    if engine is Engine.NEO4J:
        return [full_text.name]
    return [
        f"{label}[{name}]"
        for label, properties in full_text.label_properties.items()
        if labels is None or label in labels
        for name in properties
    ]
