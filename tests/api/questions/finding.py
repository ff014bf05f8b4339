"""How a node is found: by a name in another system, or by words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tests.api.memory import Node
from tests.api.questions.asking import Asking, Row
from tests.api.questions.view import View

NAMES = {
    "Artifact": "digest",
    "ModelVersion": "weightsDigest",
    "Checkpoint": "digest",
    "DatasetVersion": "digest",
    "CurationRuleset": "digest",
    "SoftwareEnvironment": "digest",
    "EvaluationPack": "digest",
    "Evidence": "digest",
    "CodeVersion": "commit",
    "Robot": "serial",
}
"""The property by which a kind is known elsewhere."""


def words(text: str) -> list[str]:
    """The Unicode words of a text, however they are spelt: composed, in lower case, with one form of sigma."""
    found = [""]
    text = unicodedata.normalize("NFC", text).replace("İ", "i").lower().replace("ς", "σ")
    for before, c, after in zip(" " + text, text, text[1:] + " ", strict=False):
        kinds = unicodedata.category(before)[0] + unicodedata.category(after)[0]
        joins = (kinds == "LL" and c in "'\u2019.\u00b7:") or (kinds == "NN" and c in "'\u2019.,;")
        if unicodedata.name(c, "").startswith(("CJK UNIFIED", "HIRAGANA")):
            found += [c, ""]
        elif unicodedata.category(c)[0] in "LNM" or c == "_" or joins:
            found[-1] += c
        else:
            found.append("")
    return [word for word in found if word]


def _standing(view: View) -> Iterator[Node]:
    for kind in view.memory.graph.kinds:
        yield from view.all(kind)


def resolve(asking: Asking) -> Iterator[Row]:
    view, name = asking.view, asking.arguments["name"]
    for node in _standing(view):
        property = NAMES.get(node.kind.name)
        by = {
            "externalId": name in (view.get(node, "externalIds") or ()),
            "id": node.id == f"artifact:{name}",
            property: property is not None and view.get(node, property) == name,
        }
        if found := [way for way, leads in by.items() if way and leads]:
            yield Row((node.id,), {"node": node, "by": min(found)})


def search(asking: Asking) -> Iterator[Row]:
    """How well a node fits is each engine's to say, so it is taken from the answer that is compared."""
    view, kinds = asking.view, asking.arguments.get("kinds")
    asked = words(asking.arguments["text"])
    scores = {row["node"]["id"]: row["score"] for row in asking.shown}
    for node in _standing(view):
        there = [word for p in node.kind.searchable for word in words(view.get(node, p.name) or "")]
        fits = all(any(other.startswith(word) for other in there) for word in asked)
        if asked and fits and (kinds is None or node.kind.name in kinds):
            score = scores.get(node.id, 1.0)
            yield Row((str(9_999_999 - int(score * 1000)), node.id), {"node": node, "score": score})
