"""What MLflow's names and sources may be, and what becomes of them."""

from __future__ import annotations

import re

import pytest

from forebear.connect.mlflow import names, source
from forebear.connect.mlflow.errors import MlflowError
from forebear.domain.naming import model_id
from forebear.domain.pointer import invalid_alias
from forebear.graph.ids import Ids
from forebear.graph.kinds import GRAPH
from forebear.graph.kinds.model import Stage

LOGGED = "m-0123456789abcdef0123456789abcdef"
MISSING = "Missing value for required parameter '{}'."
LOCAL = "To use a local path as a model version source, the run_id request parameter has to be specified and"
RELATIVE = "an absolute path must be provided without relative path references present."


@pytest.mark.parametrize("name", ["picker", "a b", "é", "x@y", "100%", "a.b", "-"])
def test_a_name_of_a_model_is_kept_as_it_is_and_becomes_an_id(name: str) -> None:
    assert names.model_name(name) == name
    assert Ids(GRAPH).parse(model_id(name)).kind == "Model"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, MISSING.format("name")),
        ("", MISSING.format("name")),
        (" \t", MISSING.format("name")),
        ("a/b", "Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
        ("a:b", "Invalid model name 'a:b'. Names cannot contain '/' or ':'."),
        (".", "This name would resolve to '.'"),
        ("..", "This name would resolve to '..'"),
        ("..a", "This name would resolve to '..a'"),
        ("x" * 1001, "'name' exceeds the maximum length of 1000 characters"),
    ],
)
def test_a_name_that_could_be_a_path_or_is_none_is_refused(name: str | None, message: str) -> None:
    with pytest.raises(MlflowError, match=re.escape(message)) as refusal:
        names.model_name(name)
    assert refusal.value.code == "INVALID_PARAMETER_VALUE"


def test_a_long_name_becomes_a_short_id_of_its_own() -> None:
    one, other = (model_id("é" * 900 + end) for end in "ab")
    assert one != other
    assert len(one) == len("model:") + 64


def test_a_logged_model_is_one_checkpoint_whatever_run_is_named() -> None:
    assert names.checkpoint(f"models:/{LOGGED}", "r") == names.checkpoint(f"models:/{LOGGED}", None)
    assert names.checkpoint(f"models:/{LOGGED}", None) == f"checkpoint:mlflow:{LOGGED}"
    assert names.checkpoint("s3://b/x", "r") != names.checkpoint("s3://b/x", "s")
    assert names.version_named("models:/a b/12") == ("a b", 12)
    assert [names.version_named(each) for each in (f"models:/{LOGGED}", "models:/a/Staging", "models:/a@b")] == [None] * 3
    assert (names.run_named("runs:/4f2c/model"), names.run_named("s3://runs:/x")) == ("4f2c", None)


def test_a_version_is_a_number_as_text_or_as_it_is() -> None:
    assert [names.version_number(each) for each in (1, "1", "-3")] == [1, 1, -3]
    for wrong, message in {
        "x": "Parameter 'version' must be an integer, got 'x'.",
        "1.5": "Parameter 'version' must be an integer, got '1.5'.",
        "": MISSING.format("version"),
    }.items():
        with pytest.raises(MlflowError, match=re.escape(message)):
            names.version_number(wrong)


def test_stages_are_named_in_any_letter_case() -> None:
    assert [names.stage_named(each) for each in ("none", "STAGING", "Production")] == [None, Stage.STAGING, Stage.PRODUCTION]
    assert [names.stage_name(each) for each in (None, "ARCHIVED")] == ["None", "Archived"]
    with pytest.raises(MlflowError) as refusal:
        names.stage_named("unknown")
    assert str(refusal.value) == (
        "Invalid Model Version stage: unknown. Value must be one of None, Staging, Production, Archived."
    )


def test_the_value_of_a_tag_is_text_and_may_be_empty() -> None:
    assert names.tags([{"key": "a", "value": 12345}, {"key": "b", "value": True}, {"key": "c"}, {"key": "d", "value": ""}]) == [
        {"key": "a", "value": "12345"}, {"key": "b", "value": "true"}, {"key": "c", "value": ""}, {"key": "d", "value": ""},
    ]  # fmt: skip
    for tag, message in (
        ({"value": "x"}, MISSING.format("key")),
        ({"key": "k" * 251, "value": ""}, "'key' exceeds the maximum length of 250 characters"),
        ({"key": "k", "value": "v" * 100_001}, "'value' exceeds the maximum length of 100000 characters"),
        ({"key": "a\nb", "value": ""}, "Names may only contain alphanumerics"),
        ({"key": "../k", "value": ""}, "This name would resolve to '../k'"),
        ("k", "a tag has a key and a value"),
    ):
        with pytest.raises(MlflowError, match=re.escape(message)):
            names.tag(tag)


@pytest.mark.parametrize(
    ("alias", "wrong"),
    [
        ("champion", None),
        ("a-1_B", None),
        ("verv1", None),
        ("", "Registered model alias name cannot be empty."),
        ("a b", "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-)."),
        ("a" * 256, "'Registered model alias name' exceeds the maximum length of 255 characters"),
        ("Latest", "'latest' alias name (case insensitive) is reserved."),
        ("V12", "Version alias name 'V12' is reserved."),
    ],
)
def test_an_alias_is_a_word_that_is_not_reserved(alias: str, wrong: str | None) -> None:
    assert invalid_alias(alias) == wrong


@pytest.mark.parametrize(
    "address",
    [
        "s3://bucket/a//b/", "s3://bucket", "runs:/r/model", f"models:/{LOGGED}", "models:/a/1", "http://h/a/..../b",
        "mlflow-artifacts:/1/r/artifacts", "gs://b/a%20b", "dbfs:/a/b",
    ],
)  # fmt: skip
def test_a_remote_address_is_taken_as_it_is(address: str) -> None:
    assert source.checked(address, prompt=False) == address


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (None, MISSING.format("source")),
        ("", MISSING.format("source")),
        ("/a/b", LOCAL),
        ("a/b", LOCAL),
        ("file:///a", LOCAL),
        ("C:/a", LOCAL),
        ("s3://b/../x", RELATIVE),
        ("s3://b/%2e%2e/x", RELATIVE),
        ("http://h/a/..%252f..%252fb", RELATIVE),
        ("http://h/a%00", RELATIVE),
        ("s3://b/./x", RELATIVE),
        ("s3://b/" + "x" * 2000, "'source' exceeds the maximum length of 2000 characters"),
    ],
)
def test_a_local_or_relative_address_is_refused(address: str | None, message: str) -> None:
    with pytest.raises(MlflowError, match=re.escape(message)):
        source.checked(address, prompt=False)


@pytest.mark.parametrize(
    ("address", "folder", "lies"),
    [
        ("/mlruns/1/r/artifacts/model", "/mlruns/1/r/artifacts", True),
        ("file:///mlruns/1/r/artifacts", "/mlruns/1/r/artifacts/", True),
        ("/mlruns/1/r/artifacts/a%20b", "file:///mlruns/1/r/artifacts", True),
        ("/mlruns/1/r/artifacts-2", "/mlruns/1/r/artifacts", False),
        ("/mlruns/1/r/artifacts/../../s", "/mlruns/1/r/artifacts", False),
        ("/mlruns/1/r/artifacts/%252e%252e/s", "/mlruns/1/r/artifacts", False),
        ("/mlruns/1/r", "s3://mlruns/1", False),
        ("/mlruns/1/r", "mlruns/1", False),
    ],
)
def test_a_local_address_is_taken_within_the_folder_of_its_run(address: str, folder: str, lies: bool) -> None:
    if lies:
        assert source.checked(address, prompt=False, folders=[folder]) == address
        return
    with pytest.raises(MlflowError, match=re.escape(LOCAL)):
        source.checked(address, prompt=False, folders=[folder])


def test_a_prompt_has_no_address() -> None:
    assert source.checked("prompt-template", prompt=True) == "prompt-template"
