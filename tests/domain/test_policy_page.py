"""docs/reference/policy.md is held to the model: its example is a policy, and its tables are the model's fields."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from forebear.domain import evaluation
from forebear.domain.cover import Covers
from forebear.domain.policy import Approvals, Policy, StandingApprovals, parse
from forebear.domain.policy_text import read
from forebear.domain.requirement import NoRegression, Requirement
from forebear.domain.rollout import Canary, Rollout
from tests.cli.terminal import forebear

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "policy.md").read_text("utf-8")
EXAMPLE, UNDERSTOOD = re.search(r"```yaml\n(.*?)```.*?```\n(.*?)```", PAGE, re.DOTALL).groups()  # type: ignore[union-attr]


def reference(model: type[BaseModel]) -> str:
    """The fields of a part of the document, as a Markdown table."""
    rows = [f"| `{field.alias}` | {default(field)} | {field.description} |" for field in model.model_fields.values()]
    return "\n".join(("| field | default | what it says |", "|---|---|---|", *rows))


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    match field.default:
        case BaseModel():
            return "see below"
        case None:
            return "none"
        case bool():
            return f"`{str(field.default).lower()}`"
    return f"`{written(field.default)}`"


def written(value: Any) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(written, value))}]"
        case StrEnum():
            return value.value
        case float():
            return repr(value).removesuffix(".0")
    return str(value)


@pytest.mark.parametrize("model", [Policy, Requirement, NoRegression, Covers, Approvals, Rollout, Canary, StandingApprovals])
def test_the_page_has_each_field_with_its_default_and_meaning(model: type[BaseModel]) -> None:
    assert f"\n\n{reference(model)}\n\n" in PAGE


def test_the_example_is_a_policy_that_uses_every_section() -> None:
    policy = parse(read(EXAMPLE).document)
    assert policy.model_fields_set == {*Policy.model_fields} - {"automatic_promotion"}


def test_the_example_is_understood_as_the_page_says() -> None:
    ended = forebear("policy", "check", "-", stdin=EXAMPLE)
    assert (ended.code, ended.out, ended.err) == (0, UNDERSTOOD, "")


def test_the_page_names_every_reason_why_a_measurement_does_not_count() -> None:
    codes = {value for name, value in vars(evaluation).items() if name.isupper() and isinstance(value, str) and name == value}
    others = {"MET", "THRESHOLD_MISSED", "REGRESSION", "NO_TARGET", "UNDEFINED"}
    assert [code for code in sorted(codes - others) if f"`{code}`" not in PAGE] == []
