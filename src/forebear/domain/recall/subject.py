"""What is recalled: a node, everything that a toolchain built, a customer's data, or every run with a setting.

A plan is its subject and a moment of knowledge, so a subject has one text, which the command line reads as well:

    dataset:bridge_orig@1.0.0            a node, by its id
    toolchain=TensorRT 10.3              what this toolchain built
    dataOf=customer:acme                 the data that was collected at this customer
    setting=optimizer.lr=0.1             the runs with this setting, as `suspects` names it
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from forebear.domain.suspects.upstream import settings
from forebear.graph.kinds.fleet import Customer


class SubjectKind(StrEnum):
    """How a subject is named. The value is the member of the input `RecallSubject`, and the word before `=` in its text."""

    NODE = "node"
    TOOLCHAIN = "toolchain"
    DATA_OF = "dataOf"
    SETTING = "setting"


@dataclass(frozen=True)
class Subject:
    """What is recalled. `value` is the id of a node or customer, the toolchain, or the setting as `name=value`.

    The value of a setting is JSON text, so `0.1`, `"adam"` and `null` are values. Raises `ValueError` if nothing stands where
    the value should, or something else than a customer.
    """

    kind: SubjectKind
    value: str

    def __post_init__(self) -> None:
        if not self.value.strip():
            raise ValueError(f"{self.kind}: is blank; name what is recalled")
        if self.kind is SubjectKind.DATA_OF and not self.value.startswith(f"{Customer.kind.prefix}:"):
            raise ValueError(f"dataOf: {self.value} is no customer; name a customer, or name a place as a node")
        if self.kind is SubjectKind.SETTING and not self.setting[0]:
            raise ValueError(f"setting: {self.value!r} has no name; write it as name=value, such as optimizer.lr=0.1")

    def __str__(self) -> str:
        return self.value if self.kind is SubjectKind.NODE else f"{self.kind}={self.value}"

    @property
    def setting(self) -> tuple[str, str]:
        """The name of a setting, with dots within, and its value as JSON text."""
        name, _, value = self.value.partition("=")
        return name, value

    @property
    def id(self) -> str | None:
        """The id of the node or customer. None for a toolchain and a setting."""
        return self.value if self.kind in (SubjectKind.NODE, SubjectKind.DATA_OF) else None

    def begins(self, configuration: str | None) -> bool:
        """Return whether a run with this configuration (JSON text) has the setting that is recalled."""
        return self.kind is SubjectKind.SETTING and configuration is not None and self.value in settings(configuration)

    @classmethod
    def of(cls, input: Mapping[str, Any]) -> Subject:
        """Return the subject that a `RecallSubject` names by exactly one member. Raises `ValueError`."""
        named = {kind: input[kind] for kind in SubjectKind if input.get(kind) is not None}
        if len(named) != 1:
            raise ValueError(f"of: names {len(named)} of {', '.join(SubjectKind)}; name one")
        ((kind, value),) = named.items()
        if kind is SubjectKind.SETTING:
            return cls(kind, f"{value['name'].strip()}={json.dumps(value['value'], ensure_ascii=False)}")
        return cls(kind, value)

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Return the subject with this text. A setting's value may be a text without quotes. Raises `ValueError`."""
        word, equals, value = text.partition("=")
        kind = SubjectKind(word) if equals and word in (*SubjectKind,) else SubjectKind.NODE
        if kind is SubjectKind.NODE:
            return cls(kind, text)
        if kind is SubjectKind.SETTING:
            name, _, plain = value.partition("=")
            return cls(kind, f"{name.strip()}={json.dumps(_json(plain), ensure_ascii=False)}")
        return cls(kind, value)

    @property
    def input(self) -> dict[str, Any]:
        """The subject as the input `RecallSubject`."""
        name, value = self.setting
        return {self.kind.value: {"name": name, "value": json.loads(value)} if self.kind is SubjectKind.SETTING else self.value}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
