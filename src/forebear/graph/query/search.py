"""Searching names and descriptions, with the same statement on both engines.

Both engines split text the same way, by Unicode words: `openvla-7b` is found as openvla and as 7b, but `bridge_orig` and
`v2.1` are one word each, found by their beginning and not by `orig`. (The analyzers that split at an underscore, like
Lucene's simple one, drop digits: worse for names.) Neo4j has one index over everything, the embedded engine one per label and
property, so the indexes are a parameter. A word is looked for exactly and as a prefix, exact matches counting four times;
every word must be found, in whichever property.

The indexes hold text as it was recorded, in lower case letter by letter. Unicode can write one word in several ways, so a
word is looked for in each of its spellings (`spellings`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from forebear.graph.query.dialect import Engine
from forebear.graph.statements.indexes import FullText

# Lucene's words (UAX #29): each ideograph; letters and digits, with what joins two letters or digits.
_IDEOGRAPH = r"[\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
_BETWEEN = r"(?<=[^\W\d_])['\u2019.\u00b7:](?=[^\W\d_])|(?<=\d)['\u2019.,;](?=\d)"
_WORD = re.compile(rf"{_IDEOGRAPH}|(?:(?!{_IDEOGRAPH})(?:\w|{_BETWEEN}))+")
_MOST_WORDS = 10

MAX_TEXT = 1_000
"""The longest text to search for, in characters: both engines take seconds for the beginning of a very long word."""


def words(text: str) -> list[str]:
    """Return `$words` for the text that a user typed. It is empty if the text holds no word."""
    # A mark belongs to the letter before it, but Python's `\w` does not hold marks.
    letters = "".join("x" if unicodedata.category(c).startswith("M") else c for c in text)
    typed = dict.fromkeys(tuple(spellings(text[m.start() : m.end()])) for m in _WORD.finditer(letters))
    return [f"({' OR '.join(f'{word}^4 OR {word}*' for word in each)})".replace(":", r"\:") for each in [*typed][:_MOST_WORDS]]


def spellings(word: str) -> list[str]:
    """Return the ways in which an index may hold a word: as it was typed, composed (NFC) and decomposed (NFD), in lower case,
    and with either form of a sigma at its end.

    >>> spellings("Größe")
    ['größe', 'größe']
    >>> spellings("ΟΔΟΣ")
    ['οδοσ', 'οδος']
    """
    forms = [lower(form) for form in (word, unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word))]
    ends = [form[:-1] + other for form in forms for sigma, other in ("σς", "ςσ") if form.endswith(sigma)]
    return [*dict.fromkeys(forms + ends)]


def lower(text: str) -> str:
    """Return a text in lower case, one character of each, as Lucene makes it.

    `str.lower` makes two characters of `İ`, and depends on the letters around a sigma.
    """
    return "".join(c.lower()[0] for c in text)


def indexes(engine: Engine, full_text: FullText) -> Sequence[str]:
    """Return `$indexes`: the names to search under."""
    if engine is Engine.NEO4J:
        return [full_text.name]
    return [f"{label}[{name}]" for label, properties in full_text.label_properties.items() for name in properties]
