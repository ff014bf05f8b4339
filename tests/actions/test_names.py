"""One thing under two names is one: what was only reported by a name joins what is registered with it."""

from __future__ import annotations

import asyncio
from typing import Any

from forebear.app import Forebear
from forebear.domain.outcome import Done, Refused
from tests.actions.plant import RITA, artifact, build, plant, registered
from tests.actions.test_installation import ran, seen
from tests.actions.world import EVA, ago, do, done
from tests.record.asking import ask, history, now, record

NAME = "oci:reg/q:build9"
PLACEHOLDER = "artifact:oci:reg/q:build9"
EVALUATION = {"state": "EVALUATION_ONLY"}


async def named(registry: Forebear, name: str) -> list[str]:
    """The ids of the nodes that a name resolves to."""
    found = await ask(registry, "query($name: String!) { resolve(name: $name) { nodes { node { id } } } }", name=name)
    return [row["node"]["id"] for row in found["resolve"]["nodes"]]


async def node_id(registry: Forebear, id: str, **times: str) -> str | None:
    """The id of the node that an id leads to."""
    query = "query($id: ID!, $asKnownAt: DateTime) { node(id: $id, asKnownAt: $asKnownAt) { id } }"
    found = (await ask(registry, query, id=id, **times))["node"]
    return found and found["id"]


async def test_what_was_reported_by_a_name_joins_the_artifact_that_is_registered_with_it(registry: Forebear) -> None:
    await plant(registry)
    since = ago(hours=5)
    first = await seen(registry, since, externalId=NAME)
    assert await ran(registry) == [(PLACEHOLDER, since, None, None)]
    assert await named(registry, NAME) == [PLACEHOLDER]
    then = now()
    await registered(registry, 1, externalIds=[NAME, "ci:9"], **EVALUATION)
    assert await ran(registry) == [(artifact(1), since, None, None)]
    # The report again, under each of its names, the former id among them, changes nothing.
    for name in ({"externalId": NAME}, {"externalId": "ci:9"}, {"artifact": PLACEHOLDER}, {"artifact": artifact(1)}):
        assert await seen(registry, since, **name) == Done(first.subject, unchanged=True), name
    # The former id leads on to it, and what was known before stays known.
    assert await named(registry, NAME) == await named(registry, PLACEHOLDER) == [artifact(1)]
    assert await node_id(registry, PLACEHOLDER) == artifact(1)
    assert await node_id(registry, PLACEHOLDER, asKnownAt=then) == PLACEHOLDER
    query = 'query($t: DateTime) { robot(id: "robot:a", asKnownAt: $t) { installations { nodes { artifact { id } } } } }'
    assert (await ask(registry, query, t=then))["robot"]["installations"]["nodes"] == [{"artifact": {"id": PLACEHOLDER}}]
    found = await ask(registry, "{ artifacts { nodes { id } } }")
    assert found == {"artifacts": {"nodes": [{"id": artifact(1)}]}}


async def test_placeholders_of_several_names_come_together(registry: Forebear) -> None:
    await plant(registry)
    first, second, third = (ago(hours=h) for h in (9, 7, 5))
    digest = artifact(1).removeprefix("artifact:")
    await seen(registry, first, externalId=NAME)
    await seen(registry, second, externalId="ci:9")
    await seen(registry, third, digest=digest)
    await registered(registry, 1, externalIds=[NAME], **EVALUATION)
    assert [a for a, *_ in await ran(registry)] == [artifact(1), "artifact:ci:9", artifact(1)]
    # A name that is added later joins what was reported by it.
    await registered(registry, 1, externalIds=[NAME, "ci:9"], **EVALUATION)
    assert [a for a, *_ in await ran(registry)] == [artifact(1)] * 3
    # A name that it lets go of leads to nobody, and the id that was made of it still to what it turned out to be.
    await registered(registry, 1, externalIds=[NAME], **EVALUATION)
    fourth = ago(hours=3)
    await seen(registry, fourth, externalId="ci:9")
    assert (await ran(registry))[-1][0] == artifact(1)


async def test_history_joins_what_was_reported_by_a_digest_or_a_name(registry: Forebear) -> None:
    await plant(registry)
    first, second = ago(hours=9), ago(hours=7)
    digest = artifact(1).removeprefix("artifact:")
    await seen(registry, first, digest=digest)
    await seen(registry, second, externalId=NAME)
    old = {"kind": "Artifact", "id": "artifact:old/1", "digest": digest, "externalIds": [NAME], "state": "AVAILABLE"}
    summary = await history(registry, old)
    assert summary.revised == 2
    assert [a for a, *_ in await ran(registry)] == ["artifact:old/1"] * 2
    again = await history(registry, old)
    assert again.changed == 0
    assert await node_id(registry, artifact(1)) == "artifact:old/1"
    # Facts that name the former ids name it.
    on = {"kind": "Installation", "id": "installation:x", "robot": "robot:b", "artifact": PLACEHOLDER, "validFrom": first}
    await history(registry, on, {"kind": "Artifact", "id": PLACEHOLDER, "format": "onnx"})
    assert [a for a, *_ in await ran(registry, "robot:b")] == ["artifact:old/1"]
    found = await ask(registry, '{ artifact(id: "artifact:old/1") { format } }')
    assert found == {"artifact": {"format": "onnx"}}


async def test_a_name_of_two_artifacts_is_said_to_be_ambiguous(registry: Forebear) -> None:
    await plant(registry)
    since = ago(hours=5)
    for n in (1, 2):
        await registered(registry, n, externalIds=["ci:9"], **EVALUATION)
    outcome = await do(registry, RITA, "reportInstallation", robot="robot:a", since=since, externalId="ci:9")
    assert isinstance(outcome, Refused)
    assert [(r.code, r.message) for r in outcome.reasons] == [
        ("AMBIGUOUS", f"externalId: ci:9 is the name of 2 artifacts: {artifact(1)}, {artifact(2)}")
    ]
    assert await ran(registry) == []
    assert await named(registry, "ci:9") == [artifact(1), artifact(2)]
    await registered(registry, 2, externalIds=[], **EVALUATION)
    await seen(registry, since, externalId="ci:9")
    assert await ran(registry) == [(artifact(1), since, None, None)]


async def test_a_name_that_is_a_digest_is_that_digest_however_it_is_written(registry: Forebear) -> None:
    await plant(registry)
    since, digest = ago(hours=5), artifact(1).removeprefix("artifact:")
    await registered(registry, 2, externalIds=[f"SHA256:{'CD' * 32}"], **EVALUATION)
    first = await seen(registry, since, externalId=digest.upper())
    for name in ({"externalId": digest}, {"digest": digest}, {"artifact": artifact(1)}):
        again = await seen(registry, since, **name)
        assert again == Done(first.subject, unchanged=True, undescribed=(artifact(1),)), name
    await seen(registry, ago(hours=3), externalId=f"sha-256:{'Cd' * 32}")
    assert [row[0] for row in await ran(registry)] == [artifact(1), artifact(2)]
    assert await named(registry, f"sha256:{'cd' * 32}") == await named(registry, f"SHA256:{'CD' * 32}") == [artifact(2)]
    query = "query($name: String!) { artifacts(filter: {externalIds: {has: $name}}) { nodes { id } } }"
    found = await ask(registry, query, name=f"sha256:{'CD' * 32}")
    assert found["artifacts"]["nodes"] == [{"id": artifact(2)}]
    for short in ("sha256:abc", "SHA256:ABC…", "sha1:"):
        outcome = await do(registry, RITA, "reportInstallation", robot="robot:a", since=since, externalId=short)
        assert isinstance(outcome, Refused)
        assert [(r.code, r.message.partition("'")[0]) for r in outcome.reasons] == [("INVALID_INPUT", "externalId: ")], short
    (rejection,) = (await record(registry, {"kind": "Dataset", "id": "dataset:d", "externalIds": ["sha256:abc"]})).rejections
    assert rejection.reasons == ("externalIds.0: 'sha256:abc' has 3 digits, and sha256 has 64; give all of it",)


async def test_a_report_and_a_registration_that_meet_are_of_one_artifact(registry: Forebear, anew: int) -> None:
    await plant(registry)
    for n in range(1, 9):
        name = f"ci:{n}"
        since = ago(hours=20 - n)
        reports = [do(registry, RITA, "reportInstallation", robot=f"robot:{r}", since=since, externalId=name) for r in "ab"]
        fact: dict[str, Any] = build(n, externalIds=[name], **EVALUATION)
        outcomes = await asyncio.gather(*reports, do(registry, EVA, "registerArtifact", artifact=fact))
        assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes
    for robot in ("robot:a", "robot:b"):
        assert [a for a, *_ in await ran(registry, robot)] == [artifact(n) for n in range(1, 9)]
    assert len((await ask(registry, "{ artifacts { nodes { id } } }"))["artifacts"]["nodes"]) == 8


async def test_a_report_heals_what_was_left_apart(registry: Forebear) -> None:
    await plant(registry)
    since = ago(hours=5)
    first = await seen(registry, since, externalId=NAME)
    await done(registry, EVA, "registerArtifact", artifact=build(1, externalIds=["ci:9"], **EVALUATION))
    # As a database may be that was written before names were joined.
    await registry.store.write(
        lambda t: t.run(
            "MATCH (n:Artifact {id: $id}) SET n.externalIds = [$name] WITH n MERGE (x:ExternalId {id: $name}) "
            "MERGE (x)-[:IDENTIFIES]->(n)",
            {"id": artifact(1), "name": NAME},
        )
    )
    assert (await seen(registry, since, externalId=NAME)).subject == first.subject
    assert await ran(registry) == [(artifact(1), since, None, None)]
    assert await seen(registry, since, externalId=NAME) == Done(first.subject, unchanged=True)
