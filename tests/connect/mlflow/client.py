"""What the real client of MLflow does with a registry: run by tests/connect/mlflow/test_client.py, in MLflow's own environment.

    python client.py REGISTRY_URI TRACKING_URI

It ends with an AssertionError if anything is not as with MLflow's own registry.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

REGISTRY, TRACKING = sys.argv[1:]


def code(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    """The code with which a call fails."""
    try:
        call(*arguments, **named)
    except MlflowException as error:
        return str(error.error_code)
    raise AssertionError(f"{call} does not fail")


def registers(client: MlflowClient) -> None:
    """Models: created, tagged, searched by pages."""
    model = client.create_registered_model("picker", {"team": "arms"}, "Picks.")
    assert (model.name, model.tags, model.description, model.latest_versions) == ("picker", {"team": "arms"}, "Picks.", [])
    assert code(client.create_registered_model, "picker") == "RESOURCE_ALREADY_EXISTS"
    assert {code(client.create_registered_model, name) for name in ("", " ", "a/b", "a:b", "..")} == {"INVALID_PARAMETER_VALUE"}
    for n in range(5):
        client.create_registered_model(f"m{n}", {"n": str(n)})
    names, token = [], None
    while True:
        page = client.search_registered_models("name LIKE 'm_'", max_results=2, order_by=["name DESC"], page_token=token)
        names += [model.name for model in page]
        if not (token := page.token):
            break
    assert names == ["m4", "m3", "m2", "m1", "m0"]
    assert [model.name for model in client.search_registered_models("tags.n != '3'")] == ["m0", "m1", "m2", "m4"]
    long = "x" * 100_000
    client.set_registered_model_tag("picker", "long", long)
    assert client.get_registered_model("picker").tags["long"] == long
    assert code(client.set_registered_model_tag, "picker", "long", f"{long}x") == "INVALID_PARAMETER_VALUE"


def numbers(client: MlflowClient) -> None:
    """Versions: numbered by twenty threads at once, aliased, staged, copied, deleted."""
    first = client.create_model_version("picker", "s3://bucket/1", "r1", {"k": "v"}, "http://link", "One.")
    assert (first.version, first.status, first.run_id, first.tags) == ("1", "READY", "r1", {"k": "v"})
    with ThreadPoolExecutor(20) as pool:
        versions = pool.map(lambda n: client.create_model_version("picker", f"s3://bucket/{n}").version, range(20))
        assert sorted(map(int, versions)) == [*range(2, 22)]
    for version in (1, 2):
        client.set_registered_model_alias("picker", "champion", version)
    assert client.get_model_version_by_alias("picker", "champion").version == "2"
    assert client.get_registered_model("picker").aliases == {"champion": "2"}
    assert code(client.set_registered_model_alias, "picker", "latest", 1) == "INVALID_PARAMETER_VALUE"
    assert code(client.get_model_version_by_alias, "picker", "nobody") == "INVALID_PARAMETER_VALUE"
    client.delete_registered_model_alias("picker", "nobody")
    client.transition_model_version_stage("picker", 1, "production")
    client.transition_model_version_stage("picker", 2, "Production", archive_existing_versions=True)
    latest = {version.current_stage: version.version for version in client.get_latest_versions("picker")}
    assert latest == {"None": "21", "Production": "2", "Archived": "1"}
    found = client.search_model_versions("name = 'picker' AND version_number < 3", order_by=["version_number ASC"])
    assert [version.version for version in found] == ["1", "2"]
    copy = client.copy_model_version("models:/picker/1", "copied")
    assert (copy.source, copy.run_id, copy.tags) == ("models:/picker/1", "r1", {"k": "v"})
    assert client.get_model_version_download_uri("copied", 1) == "s3://bucket/1"
    client.delete_model_version("picker", 2)
    assert code(client.get_model_version, "picker", 2) == "RESOURCE_DOES_NOT_EXIST"


def renames(client: MlflowClient) -> None:
    """Names: moved, ended, and given to another model."""
    created = client.get_registered_model("picker").creation_timestamp
    client.rename_registered_model("picker", "gripper")
    assert client.get_registered_model("gripper").creation_timestamp == created
    assert client.get_model_version("gripper", 1).description == "One."
    assert code(client.get_registered_model, "picker") == "RESOURCE_DOES_NOT_EXIST"
    client.delete_registered_model("gripper")
    assert code(client.delete_registered_model, "gripper") == "RESOURCE_DOES_NOT_EXIST"
    client.create_registered_model("gripper")
    assert client.create_model_version("gripper", "s3://bucket/new").version == "1"


def trains() -> None:
    """An ordinary script: it trains with autologging, registers, aliases, and loads by alias."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    data, target = load_iris(return_X_y=True)
    mlflow.set_experiment("irises")
    mlflow.sklearn.autolog(log_models=False)
    with mlflow.start_run():
        mlflow.log_input(mlflow.data.from_numpy(data, name="irises"), context="training")
        model = LogisticRegression(max_iter=200).fit(data, target)
        # Named requirements save MLflow the search for them, which takes it ten seconds.
        logged = mlflow.sklearn.log_model(model, name="iris", registered_model_name="iris", pip_requirements=["scikit-learn"])
    mlflow.register_model(logged.model_uri, "iris", tags={"again": "yes"})
    MlflowClient().set_registered_model_alias("iris", "champion", 2)
    assert mlflow.sklearn.load_model("models:/iris@champion").predict(data[:1]).tolist() == [0]
    assert mlflow.sklearn.load_model("models:/iris/1").predict(data[:1]).tolist() == [0]


if __name__ == "__main__":
    mlflow.set_tracking_uri(TRACKING)
    mlflow.set_registry_uri(REGISTRY)
    client = MlflowClient()
    registers(client)
    numbers(client)
    renames(client)
    trains()
