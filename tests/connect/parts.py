"""A protocol for tests: a thing comes in parts, and each part says one label of a dataset."""

from collections.abc import Mapping, Sequence
from typing import Any

from forebear.connect.names import external_id, id_of
from forebear.connect.translator import Act, ConnectorDoor, Event, Fact, InvalidEvent, State, Translator, several
from forebear.graph.kinds.data import Dataset


class Parts(Translator):
    """Things that come in parts."""

    name = "parts"
    doors = (ConnectorDoor("/parts", several),)

    def key(self, event: Event) -> str:
        """Return the name of the thing."""
        if not isinstance(event.get("thing"), str):
            raise InvalidEvent("thing: is no text")
        return str(event["thing"])

    def fold(self, state: State, event: Event) -> State:
        """Add a part."""
        if event.get("bug"):
            raise KeyError("label")
        if event.get("part") == 0:
            raise InvalidEvent("part: must be from 1; it is 0")
        return {"thing": event["thing"], "parts": sorted({*state.get("parts", ()), event["part"]})}

    def facts(self, state: State) -> Sequence[Fact | Act]:
        """Return a dataset, once the first part is there. The third part is a dataset that cannot be."""
        if 1 not in state["parts"]:
            return ()
        dataset: dict[str, Any] = {
            "kind": "Dataset",
            "id": id_of(Dataset, state["thing"]),
            "labels": [f"part-{part}" for part in state["parts"]],
            "externalIds": [external_id("parts", state["thing"])],
        }
        if 3 in state["parts"]:
            return (dataset, {"kind": "Dataset", "id": "dataset:!"}, Act("deprecate", {"release": "release:a@1/b"}))
        return (dataset,)

    def wrong(self, event: Event) -> Sequence[str]:
        """A note has to be a text."""
        return ("note: is no text",) if not isinstance(event.get("note", ""), str) else ()

    def left_out(self, event: Event) -> Sequence[str]:
        """Colours are nobody's business."""
        return ("colour",) if "colour" in event else ()


def part(number: int, thing: str = "a", **more: object) -> Mapping[str, object]:
    """An event of a part."""
    return {"thing": thing, "part": number, **more}
