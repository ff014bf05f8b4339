"""The order of MLflow's searches and the tokens of their pages."""

from __future__ import annotations

import base64
import json

import pytest

from forebear.connect.mlflow.errors import MlflowError
from forebear.connect.mlflow.order import MODEL_TIES, MODELS, VERSION_TIES, VERSIONS, parse


def test_what_a_client_leaves_open_is_ordered_by_name_and_then_by_falling_number() -> None:
    assert parse([], MODELS, MODEL_TIES).clause == "name"
    assert parse(["timestamp DESC"], MODELS, MODEL_TIES).clause == "updated DESC, name"
    assert parse(["creation_timestamp"], VERSIONS, VERSION_TIES).clause == "created, name, number DESC"
    assert parse(["`name` desc", "version_number ASC"], VERSIONS, VERSION_TIES).clause == "name DESC, number"


def test_a_page_comes_behind_the_row_of_its_token() -> None:
    order = parse(["creation_timestamp DESC"], VERSIONS, VERSION_TIES)
    row = {"created": "2026-01-01T00:00:00.000000Z", "name": "é", "number": 3, "updated": "…"}
    assert order.after(order.token(row)) == {"created": row["created"], "name": "é", "number": 3}
    assert order.after(None) is order.after("") is None
    assert order.behind == (
        "((created < $after.created) OR (created = $after.created AND name > $after.name) OR "
        "(created = $after.created AND name = $after.name AND number < $after.number))"
    )


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ("name DESC blah", "Invalid order_by clause 'name DESC blah'. Could not be parsed."),
        ("", "Invalid order_by clause ''. Could not be parsed."),
        ("name SIDEWAYS", "Invalid ordering key in order_by clause 'name SIDEWAYS'."),
        ("run_id", "Invalid order by key 'run_id' specified. Valid keys are '['last_updated_timestamp', 'name', 'timestamp']'"),
        ("creation_timestamp", "Invalid order by key 'creation_timestamp' specified. "),
    ],
)
def test_what_is_wrong_with_an_order_is_said(clause: str, message: str) -> None:
    with pytest.raises(MlflowError) as refusal:
        parse([clause], MODELS, MODEL_TIES)
    assert refusal.value.code == "INVALID_PARAMETER_VALUE"
    assert str(refusal.value).startswith(message)


def test_a_field_orders_once() -> None:
    with pytest.raises(MlflowError, match="contains duplicate fields"):
        parse(["timestamp", "last_updated_timestamp DESC"], MODELS, MODEL_TIES)


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("!", "Invalid page token, could not base64-decode"),
        ("é", "Invalid page token, could not base64-decode"),
        (base64.b64encode(b"{").decode(), "Invalid page token, decoded value=b'{'"),
        (encoded({"offset": 3}), "Invalid page token: it is of another order"),
        (encoded([["name", True, "a"]]), "Invalid page token: it is of another order"),
        (encoded([["name", False, 3]]), "Invalid page token: it holds no row"),
        (encoded([["name", False]]), "Invalid page token: it holds no row"),
    ],
)
def test_a_token_that_no_answer_gave_is_refused(token: str, message: str) -> None:
    with pytest.raises(MlflowError) as refusal:
        parse([], MODELS, MODEL_TIES).after(token)
    assert str(refusal.value) == message
