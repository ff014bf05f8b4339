"""MLflow's model registry over HTTP, as its REST API has it, on both engines."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from forebear.api.mlflow import BASES, authorization
from forebear.app import Forebear
from forebear.domain.roles import Role
from forebear.identity.tokens import CreatedToken
from tests.actions.world import ADA, ANNA, BEN, EVA, LINE, POLICY, ago, company, done
from tests.audit.auditing import findings
from tests.record.asking import ask

LOGGED = "m-0123456789abcdef0123456789abcdef"


class Api:
    """A client of the API: each call answers the body, and one that is refused the status and the code."""

    def __init__(self, client: httpx.AsyncClient, **headers: str) -> None:
        self._client = client
        self._headers = headers

    async def __call__(self, method: str, route: str, **arguments: Any) -> Any:
        asked = {"params": arguments} if method == "GET" else {"json": arguments}
        answer = await self._client.request(method, f"/api/2.0/mlflow/{route}", headers=self._headers, **asked)  # type: ignore[arg-type]
        body = answer.json()
        return body if answer.status_code == 200 else (answer.status_code, body["error_code"], body["message"])


def named(answer: Any, member: str = "registered_models") -> list[str]:
    return [each["name"] for each in answer.get(member, ())]


def numbers(answer: Any) -> list[str]:
    return [each["version"] for each in answer.get("model_versions", ())]


async def test_a_model_is_created_tagged_renamed_deleted_and_created_anew(http: httpx.AsyncClient) -> None:
    api = Api(http)
    model = (await api("POST", "registered-models/create", name="a b", tags=[{"key": "n", "value": 1}]))["registered_model"]
    at = model["creation_timestamp"]
    assert model == {
        "name": "a b",
        "creation_timestamp": at,
        "last_updated_timestamp": at,
        "tags": [{"key": "n", "value": "1"}],
    }
    assert await api("GET", "registered-models/get", name="a b") == {"registered_model": model}
    exists = (400, "RESOURCE_ALREADY_EXISTS", "Registered Model (name=a b) already exists.")
    assert await api("POST", "registered-models/create", name="a b") == exists
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    taken = await api("POST", "registered-models/create", name="a b", tags=prompt)
    assert taken[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    assert "with name 'a b', but the name is already taken by a registered model" in taken[2]
    await api("POST", "registered-models/create", name="prompt", tags=prompt)
    version = await api("POST", "model-versions/create", name="prompt", source="prompt-template", tags=prompt)
    assert version["model_version"]["source"] == "prompt-template"
    assert named(await api("GET", "registered-models/search")) == ["a b"]
    assert named(await api("GET", "registered-models/search", filter="tag.`mlflow.prompt.is_prompt` = 'true'")) == ["prompt"]
    assert numbers(await api("GET", "model-versions/search")) == []

    assert await api("POST", "registered-models/set-tag", name="a b", key="empty", value="") == {}
    for key in ("n", "n"):
        assert await api("DELETE", "registered-models/delete-tag", name="a b", key=key) == {}
    model = (await api("PATCH", "registered-models/update", name="a b", description="Said."))["registered_model"]
    assert (model["tags"], model["description"]) == ([{"key": "empty", "value": ""}], "Said.")
    assert model["last_updated_timestamp"] > at

    assert (await api("POST", "registered-models/rename", name="a b", new_name="prompt"))[1] == "RESOURCE_ALREADY_EXISTS"
    assert (await api("POST", "registered-models/rename", name="a b"))[2] == "Missing value for required parameter 'new_name'."
    assert (await api("POST", "registered-models/rename", name="a b", new_name="c"))["registered_model"]["name"] == "c"
    unknown = (404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=a b not found")
    assert await api("GET", "registered-models/get", name="a b") == unknown
    assert (await api("GET", "registered-models/get", name="c"))["registered_model"]["creation_timestamp"] == at
    assert (await api("POST", "model-versions/create", name="c", source="s3://b/x"))["model_version"]["version"] == "1"
    assert await api("DELETE", "registered-models/delete", name="c") == {}
    assert (await api("DELETE", "registered-models/delete", name="c"))[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    again = (await api("POST", "registered-models/create", name="c"))["registered_model"]
    assert again["creation_timestamp"] > at
    assert again.keys() == {"name", "creation_timestamp", "last_updated_timestamp"}
    assert (await api("POST", "model-versions/create", name="c", source="s3://b/x"))["model_version"]["version"] == "1"


async def test_versions_are_numbered_staged_aliased_copied_deleted_and_found(
    http: httpx.AsyncClient, registry: Forebear
) -> None:
    api = Api(http)
    for name in ("x", "y"):
        await api("POST", "registered-models/create", name=name)
    create = {
        "source": "s3://b/1",
        "run_id": "r1",
        "run_link": "http://l",
        "description": "One.",
        "tags": [{"key": "k", "value": "v"}],
    }
    first = (await api("POST", "model-versions/create", name="x", **create))["model_version"]
    at = first["creation_timestamp"]
    assert first == {
        "name": "x", "version": "1", "creation_timestamp": at, "last_updated_timestamp": at, "current_stage": "None",
        "status": "READY", **create,
    }  # fmt: skip
    await api("POST", "model-versions/create", name="x", source="runs:/r2/model", run_id="r3")
    await api("POST", "model-versions/create", name="x", source=f"models:/{LOGGED}", model_id=LOGGED)
    await api("POST", "model-versions/create", name="y", source="models:/x/1", run_id="r1")
    missing = await api("POST", "model-versions/create", name="y", source="models:/x/9")
    assert missing == (404, "RESOURCE_DOES_NOT_EXIST", "Model Version (name=x, version=9) not found")

    async def uri(name: str, version: int) -> str:
        return str((await api("GET", "model-versions/get-download-uri", name=name, version=version))["artifact_uri"])

    assert [await uri("x", n) for n in (1, 2, 3)] == ["s3://b/1", "runs:/r2/model", f"models:/{LOGGED}"]
    assert await uri("y", 1) == "s3://b/1"

    # Aliases.
    for version in ("1", 2):
        assert await api("POST", "registered-models/alias", name="x", alias="champion", version=version) == {}
    aliased = (await api("GET", "registered-models/alias", name="x", alias="champion"))["model_version"]
    assert (aliased["version"], aliased["aliases"]) == ("2", ["champion"])
    assert (await api("GET", "registered-models/alias", name="x", alias="Latest"))["model_version"]["version"] == "3"
    none = (400, "INVALID_PARAMETER_VALUE", "Registered model alias none not found.")
    assert await api("GET", "registered-models/alias", name="x", alias="none") == none
    assert await api("DELETE", "registered-models/alias", name="x", alias="none") == {}
    reserved = (400, "INVALID_PARAMETER_VALUE", "Version alias name 'V1' is reserved.")
    assert await api("POST", "registered-models/alias", name="x", alias="V1", version=1) == reserved
    assert (await api("POST", "registered-models/alias", name="x", alias="a", version=9))[1] == "RESOURCE_DOES_NOT_EXIST"

    # Stages.
    move = "model-versions/transition-stage"
    assert (await api("POST", move, name="x", version=1, stage="production"))["model_version"]["current_stage"] == "Production"
    await api("POST", move, name="x", version=2, stage="Production", archive_existing_versions=True)
    latest = (await api("POST", "registered-models/get-latest-versions", name="x"))["model_versions"]
    assert [(v["version"], v["current_stage"]) for v in latest] == [("1", "Archived"), ("2", "Production"), ("3", "None")]
    assert numbers(await api("GET", "registered-models/get-latest-versions", name="x", stages=["PRODUCTION", "none"])) == [
        "2",
        "3",
    ]
    refused = await api("POST", move, name="x", version=1, stage="None", archive_existing_versions=True)
    assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")

    # Searches.
    async def found(filter: str | None = None, **more: Any) -> list[str]:
        return numbers(await api("GET", "model-versions/search", **({"filter": filter} if filter else {}), **more))

    assert await found("name = 'x'", order_by="version_number ASC") == ["1", "2", "3"]
    assert await found("run_id IN ('r1', 'r3') AND name = 'x'", order_by=["name", "version_number"]) == ["1", "2"]
    assert await found("run_id != 'r1'") == ["2"]
    assert await found("source_path LIKE 'MODELS:%'") == []
    assert await found("source_path ILIKE 'MODELS:%'", order_by=["name DESC"]) == ["1", "3"]
    assert await found("version_number > 1 AND version_number != 2 AND tag.k = 'v'") == []
    assert await found("tags.`k` LIKE '_' AND attribute.name != 'y'") == ["1"]
    pages, token = [], None
    while True:
        page = await api("GET", "model-versions/search", max_results=2, **({"page_token": token} if token else {}))
        pages.append([(v["name"], v["version"]) for v in page["model_versions"]])
        if (token := page.get("next_page_token")) is None:
            break
    assert [len(rows) for rows in pages] == [2, 2]
    assert pages[0] == [("x", "2"), ("x", "1")]
    assert pages[1] == [("y", "1"), ("x", "3")]
    for arguments in (
        {"max_results": 0},
        {"max_results": 200_001},
        {"max_results": "x"},
        {"page_token": "!"},
        {"order_by": "x"},
    ):
        assert (await api("GET", "model-versions/search", **arguments))[:2] == (400, "INVALID_PARAMETER_VALUE")

    # What is changed and deleted.
    changed = (await api("PATCH", "model-versions/update", name="x", version="1", description=None))["model_version"]
    assert changed["description"] == ""
    await api("POST", "model-versions/set-tag", name="x", version=1, key="big", value="x" * 100_000)
    await api("DELETE", "model-versions/delete-tag", name="x", version=1, key="k")
    assert await found("tag.big LIKE 'xx%'") == ["1"]
    assert await api("DELETE", "model-versions/delete", name="x", version="3") == {}
    for route, method in (("get", "GET"), ("update", "PATCH"), ("transition-stage", "POST"), ("delete", "DELETE")):
        gone = await api(method, f"model-versions/{route}", name="x", version="3", stage="None")
        assert gone == (404, "RESOURCE_DOES_NOT_EXIST", "Model Version (name=x, version=3) not found")
    assert (await api("POST", "model-versions/create", name="x", source="s3://b/4"))["model_version"]["version"] == "4"
    assert await found("name = 'x'", order_by=["version_number"]) == ["1", "2", "4"]

    # What the graph knows of it.
    query = """{
      modelVersion(id: "model:x@2") { labels uri weightsDigest promotedFrom { nodes { id uri producedBy { externalIds } } } }
      model(id: "model:x") { externalIds aliases { edges { alias node { id } } } } }"""
    assert await ask(registry, query) == {
        "modelVersion": {
            "labels": ["mlflow: its source names run r2, and its run_id r3"], "uri": "runs:/r2/model", "weightsDigest": None,
            "promotedFrom": {
                "nodes": [
                    {
                        "id": "checkpoint:mlflow:r3/runs:/r2/model", "uri": None,
                        "producedBy": {"externalIds": ["mlflow:run/r3"]},
                    }
                ]
            },
        },
        "model": {
            "externalIds": ["mlflow:model/x"],
            "aliases": {"edges": [{"alias": "champion", "node": {"id": "model:x@2"}}]},
        },
    }  # fmt: skip
    assert await findings(registry.store) == []


async def test_a_version_is_a_candidate_in_the_lines_of_a_tag_and_a_policy_protects_an_alias(
    http: httpx.AsyncClient, registry: Forebear
) -> None:
    await company(registry, policy=POLICY | {"protectedAliases": ["champion"], "candidate": ["weightsDigest"]})
    api = Api(http)
    await api("POST", "registered-models/create", name="arm", tags=[{"key": "forebear.lines", "value": LINE}])
    await api("POST", "model-versions/create", name="arm", source="s3://b/arm", run_id="r1")
    status, code, message = await api("POST", "registered-models/alias", name="arm", alias="champion", version=1)
    assert (status, code) == (403, "PERMISSION_DENIED")
    assert f"policy:ur5e@1 lets champion point only at what is approved in {LINE}, and model:arm@1 is CANDIDATE" in message
    assert "the candidate carries no weightsDigest, which the policy asks for" in message
    assert await api("POST", "registered-models/alias", name="arm", alias="challenger", version=1) == {}
    told = {"kind": "ModelVersion", "id": "model:arm@1", "weightsDigest": f"sha256:{64 * 'c'}"}
    await done(registry, EVA, "registerCandidate", versions=[told], lines=[])
    evidence = {
        "kind": "Evidence", "id": "evidence:arm", "type": "REPLAY", "about": ["model:arm@1"], "measuredWith": ["pack:replay@1"],
        "measuredAt": ago(hours=1),
        "measurements": [{"metric": "success", "value": 95.0, "unit": "%"}],
    }  # fmt: skip
    await done(registry, EVA, "attachEvidence", evidence=evidence)
    for voter in (ANNA, BEN):
        await done(registry, voter, "approve", release="release:arm@1/ur5e-orin")
    assert await api("POST", "registered-models/alias", name="arm", alias="champion", version=1) == {}
    await api("POST", "registered-models/set-tag", name="arm", key="forebear.lines", value="line:nowhere")
    status, code, message = await api("POST", "model-versions/create", name="arm", source="s3://b/arm")
    assert (status, code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "lines: line:nowhere is not known" in message


async def test_whoever_may_not_is_refused_with_the_codes_of_mlflow(http: httpx.AsyncClient, registry: Forebear) -> None:
    async def token(*roles: Role, connector: str | None = "mlflow") -> str:
        made = await registry.tokens.create(ADA, f"t-{len(roles)}-{connector}", roles, connector=connector)
        assert isinstance(made, CreatedToken)
        return made.secret

    route, name = "registered-models/create", {"name": "x"}
    reader, writer, other = (
        await token(Role.VIEWER),
        await token(Role.ENGINEER, Role.VIEWER),
        await token(Role.ENGINEER, connector="facts"),
    )
    basic = base64.b64encode(f"anybody:{writer}".encode()).decode()
    assert (await Api(http, Authorization="Bearer fbr_nobody")("POST", route, **name))[:2] == (401, "UNAUTHENTICATED")
    assert (await Api(http, Authorization=f"Bearer {reader}")("POST", route, **name))[:2] == (403, "PERMISSION_DENIED")
    assert (await Api(http, Authorization=f"Bearer {other}")("POST", route, **name))[:2] == (403, "PERMISSION_DENIED")
    assert "registered_model" in await Api(http, Authorization=f"Basic {basic}")("POST", route, **name)
    assert "registered_model" in await Api(http, Authorization=f"Bearer {reader}")("GET", "registered-models/get", **name)


def test_the_password_of_basic_is_the_token() -> None:
    def basic(text: str) -> str:
        return f"Basic {base64.b64encode(text.encode()).decode()}"

    assert authorization(basic("user:fbr_1:2")) == "Bearer fbr_1:2"
    assert authorization("Bearer fbr_1") == "Bearer fbr_1"
    assert authorization(None) is None
    for unread in (basic("no colon"), "Basic !", "Basic"):
        assert authorization(unread) == unread


@pytest.mark.parametrize("base", BASES)
async def test_no_answer_to_what_is_not_served_is_tried_again(http: httpx.AsyncClient, base: str) -> None:
    async def code(method: str, route: str, **sent: Any) -> tuple[int, str]:
        answer = await http.request(method, f"{base}/{route}", **sent)
        return answer.status_code, answer.json()["error_code"]

    assert await code("POST", "runs/create", json={}) == (501, "NOT_IMPLEMENTED")
    assert await code("GET", "registered-models/nothing") == (404, "ENDPOINT_NOT_FOUND")
    assert await code("GET", "registered-models/create") == (404, "ENDPOINT_NOT_FOUND")
    assert await code("POST", "registered-models/create", data={"name": "x"}) == (415, "BAD_REQUEST")
    assert await code("POST", "registered-models/create", content=b"{", headers={"content-type": "application/json"}) == (
        400, "BAD_REQUEST",
    )  # fmt: skip
    assert await code("POST", "registered-models/create", json=[]) == (400, "INVALID_PARAMETER_VALUE")
    # Old clients encode the body twice.
    assert (await http.post(f"{base}/registered-models/create", json='{"name": "old"}')).json()["registered_model"][
        "name"
    ] == "old"
