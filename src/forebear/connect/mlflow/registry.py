"""MLflow's model registry, by our questions and actions: what each of its requests reads and does.

A name is the external id of a model. Whatever changes is done as the actor whose token came with the request, by the same verbs
that GraphQL has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forebear.actions.performer import Performer, Requester
from forebear.connect.mlflow import filter, names, order, shapes, source
from forebear.connect.mlflow.errors import (
    CONFLICT,
    DENIED,
    EXISTS,
    INVALID,
    NOT_FOUND,
    MlflowError,
    invalid,
    unknown_model,
    unknown_version,
)
from forebear.connect.mlflow.filter import IS_PROMPT, FilterParameters
from forebear.connect.mlflow.order import Order
from forebear.connect.mlflow.origin import Origins
from forebear.domain.naming import NAME_TAKEN
from forebear.domain.outcome import Conflict, Done, Reason, Refused
from forebear.domain.pointer import ALIAS_PROTECTED, INVALID_ALIAS, invalid_alias
from forebear.domain.reference import UNKNOWN
from forebear.domain.roles import FORBIDDEN, Actor
from forebear.domain.tagging import read
from forebear.graph.kinds.model import Stage
from forebear.store import Store
from forebear.store.statements import statements

Answer = dict[str, Any]
Arguments = Mapping[str, Any]

MOST_MODELS, MANY_MODELS = 1_000, 100
MOST_VERSIONS, MANY_VERSIONS = 200_000, 10_000
"""How many rows a page has at most, and if the client does not say."""


class MlflowRegistry:
    """The registry that a client of MLflow sees. Every method but those that write takes the arguments of a request."""

    def __init__(self, store: Store, origins: Origins, performer: Performer, lines: Sequence[str] = ()) -> None:
        self._store = store
        self._origins = origins
        self._performer = performer
        self._lines = tuple(lines)

    # ── models ──────────────────────────────────────────────────────────────────────────────────────────

    async def create_model(self, by: Actor, asked: Arguments) -> Answer:
        """Give a new model a name."""
        name, tags = names.model_name(names.text(asked.get("name"))), names.tags(asked.get("tags") or ())
        input = {"system": names.SYSTEM, "name": name, "tags": tags, "description": names.description(asked.get("description"))}
        try:
            await self._do(by, "nameModel", {key: value for key, value in input.items() if value})
        except MlflowError as error:
            raise await self._taken(error, name, {tag["key"]: tag["value"] for tag in tags}) from None
        return {"registered_model": shapes.model(await self._model(name))}

    async def get_model(self, by: Actor, asked: Arguments) -> Answer:
        """Answer a model."""
        return {"registered_model": shapes.model(await self._named(asked))}

    async def update_model(self, by: Actor, asked: Arguments) -> Answer:
        """Describe a model."""
        row = await self._named(asked)
        await self._do(by, "annotate", {"of": row["model"]["id"], "description": names.description(asked.get("description"))})
        return {"registered_model": shapes.model(await self._model(row["name"]))}

    async def rename_model(self, by: Actor, asked: Arguments) -> Answer:
        """Give a model another name."""
        new = names.model_name(names.text(asked.get("new_name")), "new_name")
        row = await self._named(asked)
        try:
            await self._do(by, "nameModel", {"system": names.SYSTEM, "name": new, "model": row["model"]["id"]})
        except MlflowError as error:
            raise await self._taken(error, new, read(row["model"].get("tags"))) from None
        return {"registered_model": shapes.model(await self._model(new))}

    async def delete_model(self, by: Actor, asked: Arguments) -> Answer:
        """End the name of a model."""
        row = await self._named(asked)
        await self._do(by, "nameModel", {"system": names.SYSTEM, "model": row["model"]["id"]})
        return {}

    async def search_models(self, by: Actor, asked: Arguments) -> Answer:
        """Answer a page of models."""
        chosen = filter.select(filter.parse(names.text(asked.get("filter")), filter.MODELS))
        sorting = order.parse(_texts(asked, "order_by"), order.MODELS, order.MODEL_TIES)
        limit = _limit(asked, MANY_MODELS, MOST_MODELS)
        rows = await self._models(chosen, sorting, names.text(asked.get("page_token")), limit + 1)
        return _page("registered_models", [shapes.model(row) for row in rows[:limit]], rows, limit, sorting)

    async def latest_versions(self, by: Actor, asked: Arguments) -> Answer:
        """Answer the newest version of each stage."""
        stages = [names.stage_named(stage) for stage in _texts(asked, "stages")] or list(names.STAGES.values())
        row = await self._named(asked)
        latest = [each for each in shapes.newest(row["latest"]) if each.get("stage") in stages]
        return _without_empty({"model_versions": [shapes.version(row["name"], each) for each in latest]})

    async def set_model_tag(self, by: Actor, asked: Arguments) -> Answer:
        """Tag a model."""
        tag = names.tag({"key": asked.get("key"), "value": asked.get("value")})
        row = await self._named(asked)
        await self._do(by, "annotate", {"of": row["model"]["id"], "tags": [tag]})
        return {}

    async def delete_model_tag(self, by: Actor, asked: Arguments) -> Answer:
        """Take a tag from a model."""
        key = names.tag_key(names.text(asked.get("key")))
        row = await self._named(asked)
        await self._do(by, "annotate", {"of": row["model"]["id"], "untag": [key]})
        return {}

    # ── aliases ─────────────────────────────────────────────────────────────────────────────────────────

    async def set_alias(self, by: Actor, asked: Arguments) -> Answer:
        """Point an alias at a version."""
        alias = names.text(asked.get("alias")) or ""
        if wrong := invalid_alias(alias):
            raise invalid(wrong)
        name, number = _version(asked)
        row, version = await self._pointed(name, number)
        await self._do(by, "setAlias", {"model": row["model"]["id"], "alias": alias, "version": version["id"]})
        return {}

    async def delete_alias(self, by: Actor, asked: Arguments) -> Answer:
        """End an alias."""
        alias = _needed(asked, "alias")
        row = await self._named(asked)
        await self._do(by, "setAlias", {"model": row["model"]["id"], "alias": alias})
        return {}

    async def get_by_alias(self, by: Actor, asked: Arguments) -> Answer:
        """Answer the version that an alias points at. `latest` is the newest."""
        alias = _needed(asked, "alias")
        row = await self._named(asked)
        if alias.lower() == "latest":
            if not row["latest"]:
                raise MlflowError(NOT_FOUND, f"Latest version not found for model {row['name']}.")
            return {"model_version": shapes.version(row["name"], shapes.newest(row["latest"])[-1])}
        number = next((a["number"] for a in row["model"]["aliases"] if a["alias"] == alias), None)
        if number is None:
            raise invalid(f"Registered model alias {alias} not found.")
        return {"model_version": shapes.version(row["name"], await self._one(row["name"], number))}

    # ── versions ────────────────────────────────────────────────────────────────────────────────────────

    async def create_version(self, by: Actor, asked: Arguments) -> Answer:
        """Register the next version of a model, with the run and the checkpoint that it comes from."""
        name, tags = names.model_name(names.text(asked.get("name"))), names.tags(asked.get("tags") or ())
        prompt = any(tag["key"] == IS_PROMPT and tag["value"].lower() == "true" for tag in tags)
        said, where = names.text(asked.get("run_id")) or None, names.text(asked.get("source")) or ""
        folders = await self._origins.folders(said, names.text(asked.get("model_id"))) if source.is_local(where) else ()
        address = source.checked(where, prompt=prompt, folders=folders)
        row = await self._model(name)
        copied = names.version_named(address)
        if copied is not None:
            checkpoint = (await self._one(*copied)).get("checkpoint")
            if checkpoint is None:
                raise invalid(f"Unable to fetch model from model URI source artifact location '{address}'.")
            labels: list[str] = []
        else:
            checkpoint, labels = await self._origins.record(by, address, said)
        input = {
            "model": row["model"]["id"],
            "checkpoint": checkpoint,
            "uri": address,
            "runLink": names.text(asked.get("run_link")),
            "description": names.description(asked.get("description")),
            "tags": tags,
            "labels": labels,
            "lines": list(self._lines),
        }
        done = await self._do(by, "registerVersion", {key: value for key, value in input.items() if value})
        number = int(done.subject.rpartition("@")[2])
        return {"model_version": shapes.version(name, await self._one(name, number))}

    async def get_version(self, by: Actor, asked: Arguments) -> Answer:
        """Answer a version."""
        name, number = _version(asked)
        return {"model_version": shapes.version(name, await self._one(name, number))}

    async def update_version(self, by: Actor, asked: Arguments) -> Answer:
        """Describe a version."""
        name, number = _version(asked)
        _, version = await self._pointed(name, number)
        await self._do(by, "annotate", {"of": version["id"], "description": names.description(asked.get("description"))})
        return {"model_version": shapes.version(name, await self._one(name, number))}

    async def move_version(self, by: Actor, asked: Arguments) -> Answer:
        """Give a version another stage."""
        name, number = _version(asked)
        stage, archive = names.stage_named(names.text(asked.get("stage"))), _flag(asked, "archive_existing_versions")
        if archive and stage not in (Stage.STAGING, Stage.PRODUCTION):
            raise invalid(
                f"Model version transition cannot archive existing model versions because '{asked.get('stage')}' is not an "
                "Active stage. Valid stages are ('Staging', 'Production')"
            )
        row, version = await self._pointed(name, number)
        input = {"model": row["model"]["id"], "version": version["id"], "stage": stage, "archiveOthers": archive}
        await self._do(by, "setStage", {key: value for key, value in input.items() if value is not None})
        return {"model_version": shapes.version(name, await self._one(name, number))}

    async def delete_version(self, by: Actor, asked: Arguments) -> Answer:
        """Hide a version."""
        name, number = _version(asked)
        row, version = await self._pointed(name, number)
        await self._do(by, "setStage", {"model": row["model"]["id"], "version": version["id"], "stage": Stage.DELETED})
        return {}

    async def download_uri(self, by: Actor, asked: Arguments) -> Answer:
        """Answer where a client loads a version from."""
        name, number = _version(asked)
        version = await self._one(name, number)
        return {"artifact_uri": version.get("stored") or version.get("uri") or ""}

    async def search_versions(self, by: Actor, asked: Arguments) -> Answer:
        """Answer a page of versions."""
        chosen = filter.select(filter.parse(names.text(asked.get("filter")), filter.VERSIONS))
        sorting = order.parse(_texts(asked, "order_by") or order.NEWEST, order.VERSIONS, order.VERSION_TIES)
        limit = _limit(asked, MANY_VERSIONS, MOST_VERSIONS)
        rows = await self._versions(chosen, sorting, names.text(asked.get("page_token")), limit + 1)
        shown = [shapes.version(row["name"], row["version"]) for row in rows[:limit]]
        return _page("model_versions", shown, rows, limit, sorting)

    async def set_version_tag(self, by: Actor, asked: Arguments) -> Answer:
        """Tag a version."""
        tag = names.tag({"key": asked.get("key"), "value": asked.get("value")})
        _, version = await self._pointed(*_version(asked))
        await self._do(by, "annotate", {"of": version["id"], "tags": [tag]})
        return {}

    async def delete_version_tag(self, by: Actor, asked: Arguments) -> Answer:
        """Take a tag from a version."""
        key = names.tag_key(names.text(asked.get("key")))
        _, version = await self._pointed(*_version(asked))
        await self._do(by, "annotate", {"of": version["id"], "untag": [key]})
        return {}

    # ── what is read ────────────────────────────────────────────────────────────────────────────────────

    async def _named(self, asked: Arguments) -> Mapping[str, Any]:
        return await self._model(names.model_name(names.text(asked.get("name"))))

    async def _model(self, name: str) -> Mapping[str, Any]:
        """Return the model that has a name. Raises `MlflowError` if none has, or several."""
        chosen = FilterParameters([name], {each: filter.Patterns() for each in ("name", "tags")})
        rows = await self._models(chosen, Order(order.MODEL_TIES), None, 2)
        if not rows:
            raise unknown_model(name)
        if len(rows) > 1:
            ids = " and ".join(sorted(row["model"]["id"] for row in rows))
            raise MlflowError(CONFLICT, f"Registered Model with name={name} is ambiguous: {ids} both have that name in MLflow")
        return rows[0]

    async def _one(self, name: str, number: int) -> Mapping[str, Any]:
        """Return a version. Raises `MlflowError` if there is none of that number, or if it is deleted."""
        patterns = {each: filter.Patterns() for each in ("name", "run_id", "source_path", "tags")}
        rows = await self._versions(FilterParameters([name], patterns, number, number), Order(order.VERSION_TIES), None, 1)
        if not rows:
            raise unknown_version(name, number)
        version: Mapping[str, Any] = rows[0]["version"]
        return version

    async def _pointed(self, name: str, number: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return a version and its model. Raises `MlflowError`."""
        row = await self._model(name)
        return row, await self._one(name, number)

    async def _models(self, chosen: FilterParameters, sorting: Order, token: str | None, limit: int) -> list[dict[str, Any]]:
        wanted = {name: chosen.of[name] for name in ("name", "tags")}
        parameters = FilterParameters(chosen.names, wanted).parameters()
        for number in ("least", "most", "other_than"):
            del parameters[number]
        return await self._rows("models", parameters, sorting, token, limit)

    async def _versions(self, chosen: FilterParameters, sorting: Order, token: str | None, limit: int) -> list[dict[str, Any]]:
        return await self._rows("versions", chosen.parameters(), sorting, token, limit)

    async def _rows(
        self, statement: str, parameters: dict[str, Any], sorting: Order, token: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return the rows of a statement, in an order, behind the page of a token."""
        after = sorting.after(token)
        if (exact := parameters["names"]) is not None:
            parameters["names"] = [names.external_model(name) for name in exact]
        text = statements("mlflow")[statement].replace("/* order */ name", sorting.clause)
        text = text.replace("/* behind */ $after IS NULL", sorting.behind if after else "$after IS NULL")
        return await self._store.read(text, {**parameters, "after": after, "limit": limit})

    # ── what is written ─────────────────────────────────────────────────────────────────────────────────

    async def _do(self, by: Actor, verb: str, input: dict[str, Any]) -> Done:
        """Do an action as the actor. Raises `MlflowError` with all reasons if it is refused."""
        outcome = await self._performer.do(verb, input, Requester(by, names.SYSTEM))
        if isinstance(outcome, Done):
            return outcome
        assert not isinstance(outcome, Conflict)
        raise _refused(outcome.reasons if isinstance(outcome, Refused) else ())

    async def _taken(self, error: MlflowError, name: str, tags: Mapping[str, str]) -> MlflowError:
        """Return the refusal of a name in the words of MLflow, if it is because another model has it."""
        if error.code != EXISTS:
            return error
        prompt = tags.get(IS_PROMPT, "").lower() == "true"
        new, before = "Prompt" if prompt else "Registered Model", "Registered Model"
        try:
            row = await self._model(name)
            before = "Prompt" if read(row["model"].get("tags")).get(IS_PROMPT, "").lower() == "true" else before
        except MlflowError:
            # Somebody took the name away again meanwhile.
            return MlflowError(EXISTS, f"{new} (name={name}) already exists.")
        if before == new:
            return MlflowError(EXISTS, f"{new} (name={name}) already exists.")
        return MlflowError(
            EXISTS,
            f"Tried to create a {new.lower()} with name '{name}', but the name is already taken by a {before.lower()}. MLflow "
            "does not allow creating a model and a prompt with the same name.",
        )


def _refused(reasons: Sequence[Reason]) -> MlflowError:
    """Return a refusal with all reasons. The code is that of the first reason that decides it."""
    codes = {reason.code for reason in reasons}
    message = "; ".join(f"{reason.message}: {reason.remedy}" for reason in reasons)
    for code, meant in (
        (FORBIDDEN, DENIED),
        (ALIAS_PROTECTED, DENIED),
        (NAME_TAKEN, EXISTS),
        (INVALID_ALIAS, INVALID),
    ):
        if code in codes:
            return MlflowError(meant, message)
    return MlflowError(NOT_FOUND if codes == {UNKNOWN} else INVALID, message)


def _version(asked: Arguments) -> tuple[str, int]:
    """Return the name and the number of the version that a request names."""
    return names.model_name(names.text(asked.get("name"))), names.version_number(asked.get("version"))


def _needed(asked: Arguments, parameter: str) -> str:
    value = names.text(asked.get(parameter))
    if not value:
        raise invalid(f"Missing value for required parameter '{parameter}'.")
    return value


def _texts(asked: Arguments, parameter: str) -> list[str]:
    """Return a list of texts. A query names one or several."""
    value = asked.get(parameter) or []
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in listed):
        raise invalid(f"Invalid value for parameter '{parameter}' supplied: it must be a list of strings.")
    return listed


def _limit(asked: Arguments, default: int, most: int) -> int:
    value = asked.get("max_results")
    if value is None or value == "":
        return default
    try:
        limit = int(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid value {value!r} for parameter 'max_results' supplied: it must be an integer.") from None
    if not 1 <= limit <= most:
        raise invalid(
            f"Invalid value for request parameter max_results. It must be at least 1 and at most {most}, but got value {limit}"
        )
    return limit


def _flag(asked: Arguments, parameter: str) -> bool:
    value = asked.get(parameter)
    if value in (None, "", False, "false", "False"):
        return False
    if value in (True, "true", "True"):
        return True
    raise invalid(f"Invalid boolean value: {value}, must be 'true' or 'false'.")


def _page(
    member: str, shown: list[dict[str, Any]], rows: Sequence[Mapping[str, Any]], limit: int, sorting: Order
) -> dict[str, Any]:
    """Return a page. Only if there is more, it has a token."""
    token = sorting.token(rows[limit - 1]) if len(rows) > limit else None
    return _without_empty({member: shown, "next_page_token": token})


def _without_empty(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if value}
