"""One value is one value however it is written, and what cannot be is refused at every door, on both engines."""

import codecs
import json
from typing import Any

import httpx

from forebear.app import Forebear
from forebear.record.summary import Summary
from tests.record.asking import ask, record, refused

RESOLVE = """query($d: String!) {
  resolve(name: $d) { nodes { node { id } by } }
  datasetVersions(filter: {digest: {eq: $d}}) { totalCount }
}"""
REPORT = """mutation($a: ID, $d: String) {
  reportInstallation(robot: "robot:a", since: "2026-06-01T00:00:00Z", artifact: $a, digest: $d) {
    ... on Done { subject { ... on Installation { artifact { id } } } }
    ... on Refused { reasons { code message } }
  }
}"""
HEX = 32 * "ab"
NEXT = 2**53 + 1


def run(id: str = "run:a", **values: object) -> dict[str, object]:
    return {"kind": "Run", "id": id, **values}


async def taken(registry: Forebear, *facts: object) -> Summary:
    summary = await record(registry, *facts)
    assert summary.rejections == []
    return summary


async def reasons(registry: Forebear, *facts: object) -> list[str]:
    return [reason for rejection in await refused(registry, *facts) for reason in rejection.reasons]


async def test_documents_are_the_same_where_their_values_are(registry: Forebear) -> None:
    said = {"lr": 1, "steps": 1e3, "zero": 0.0, "big": NEXT, "é": [1.5, {"b": 1, "a": 2}]}
    again = {"é": [1.5, {"a": 2.0, "b": 1e0}], "big": NEXT, "zero": -0.0, "steps": 1000, "lr": 1.0}
    await taken(registry, run(configuration=said, metrics={"loss": 1}))
    assert (await taken(registry, run(configuration=again, metrics={"loss": 1.0}))).changed == 0
    assert (await taken(registry, run("run:b", configuration=said), run("run:b", configuration=again))).described == 1
    correction = {"kind": "Correction", "of": "run:a", "reason": "t", "values": {"configuration": again}}
    assert (await taken(registry, correction)).changed == 0
    # As another release wrote it.
    await registry.store.write(lambda t: t.run("MATCH (n:Run {id: 'run:a'}) SET n.metrics = '{ \"loss\": 1.0e0 }'", {}))
    assert (await taken(registry, run(metrics={"loss": 1}))).changed == 0
    (reason,) = await reasons(registry, run(configuration=said | {"big": 2**53}))
    assert reason.startswith("configuration: run:a has '{")
    (reason,) = await reasons(registry, run("run:c", configuration={"x": 1}), run("run:c", configuration={"x": 2}))
    assert reason == """configuration: an earlier fact of this batch says '{"x":1}' of run:c, this one says '{"x":2}'"""


async def test_a_digest_is_one_however_it_is_written(registry: Forebear) -> None:
    fact: dict[str, Any] = {"kind": "DatasetVersion", "id": "dataset:d@1", "digest": f"sha256:{HEX}"}
    await taken(registry, fact)
    for written in (f"SHA256:{HEX.upper()}", f"sha-256:{HEX}", "sha256-q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="):
        assert (await taken(registry, fact | {"digest": written})).changed == 0
        assert await ask(registry, RESOLVE, d=written) == {
            "resolve": {"nodes": [{"node": {"id": "dataset:d@1"}, "by": "digest"}]},
            "datasetVersions": {"totalCount": 1},
        }
    assert await reasons(registry, fact | {"digest": "abc"}) == [
        "digest: 'abc' is no digest; write it as algorithm:hex in lower case, such as sha256: and 64 digits"
    ]


async def test_an_interval_ends_after_it_begins_whoever_says_which_end(registry: Forebear) -> None:
    noon, eleven = "2026-01-01T12:00:00Z", "2026-01-01T11:00:00Z"
    backward = "endedAt: 2026-01-01T11:00:00.000000Z lies before startedAt, 2026-01-01T12:00:00.000000Z"
    await taken(registry, run(startedAt=noon), run("run:b", endedAt=eleven))
    assert await reasons(registry, run(endedAt=eleven)) == [f"{backward}, recorded before of run:a"]
    assert await reasons(registry, run("run:b", startedAt=noon)) == [f"{backward}, recorded before of run:b"]
    assert await reasons(registry, run("run:c", startedAt=noon), run("run:c", endedAt=eleven)) == [
        f"{backward}, as an earlier fact of this batch says"
    ]
    correction = {"kind": "Correction", "of": "run:a", "reason": "t", "values": {"endedAt": eleven}}
    assert await reasons(registry, correction) == [f"values.{backward}, as run:a then had it"]

    def member(**values: str) -> dict[str, object]:
        return {"kind": "Robot", "id": "robot:a", "memberOf": [{"id": "fleet:a", "validFrom": noon, **values}]}

    since = "validTo: 2026-01-01T11:00:00.000000Z lies before validFrom, 2026-01-01T12:00:00.000000Z"
    await taken(registry, member())
    assert await reasons(registry, member(validTo=eleven)) == [f"memberOf.0.{since}"]
    edge = {"edge": "memberOf", "to": "fleet:a", "validFrom": noon, "values": {"validTo": eleven}}
    correction = {"kind": "Correction", "of": "robot:a", "reason": "t", **edge}
    assert await reasons(registry, correction) == [f"values.{since}, as the edge then had it"]

    def collected(**values: str) -> dict[str, object]:
        return {"kind": "DatasetVersion", "id": "dataset:d@1", "collectedFrom": [{"id": "fleet:a", **values}]}

    await taken(registry, collected(collectedFrom=noon))
    assert await reasons(registry, collected(collectedTo=eleven)) == [
        "collectedFrom → fleet:a: collectedTo: 2026-01-01T11:00:00.000000Z lies before collectedFrom, "
        "2026-01-01T12:00:00.000000Z, recorded before"
    ]


async def test_whole_numbers_of_64_bits_are_exact_both_ways(registry: Forebear) -> None:
    most = 2**63 - 1
    seeds = {"run:a": -most - 1, "run:b": -NEXT, "run:c": 7, "run:d": NEXT - 1, "run:e": NEXT, "run:f": most}
    query = "mutation($facts: [FactInput!]!) { record(facts: $facts) { __typename } }"
    facts = [{"run": {"id": id, "seed": seed if abs(seed) < 2**53 else str(seed)}} for id, seed in seeds.items()]
    assert await ask(registry, query, facts=facts) == {"record": {"__typename": "Recorded"}}
    assert (await taken(registry, *(run(id, seed=seed) for id, seed in seeds.items()))).changed == 0
    said = [seed if abs(seed) < 2**53 else str(seed) for seed in seeds.values()]
    page = "runs(first: 2, after: $after, orderBy: {field: seed}) { nodes { seed } pageInfo { endCursor hasNextPage } }"
    for query in (f"query($after: String) {{ {page} }}", f"query($after: String) {{ {page} __schema {{ __typename }} }}"):
        found, after, more = [], None, True
        while more:
            answer = (await ask(registry, query, after=after))["runs"]
            found += [node["seed"] for node in answer["nodes"]]
            after, more = answer["pageInfo"]["endCursor"], answer["pageInfo"]["hasNextPage"]
        assert found == said
    count = "query($s: Long!) { runs(filter: {seed: {eq: $s}}) { nodes { id } } }"
    assert (
        await ask(registry, count, s=NEXT) == await ask(registry, count, s=str(NEXT)) == {"runs": {"nodes": [{"id": "run:e"}]}}
    )
    assert await ask(registry, "{ runs(filter: {seed: {gt: 9007199254740993}}) { nodes { id } } }") == {
        "runs": {"nodes": [{"id": "run:f"}]}
    }
    assert await reasons(registry, run(seed=2**63)) == [f"seed: must be at most {most} (got {2**63})"]
    # A size that an earlier release kept as a binary fraction.
    await taken(registry, {"kind": "DatasetVersion", "id": "dataset:d@1", "frames": 3_000_000_000})
    await registry.store.write(lambda t: t.run("MATCH (n:DatasetVersion) SET n.bytes = 1.5e12", {}))
    assert (await taken(registry, {"kind": "DatasetVersion", "id": "dataset:d@1", "bytes": 1_500_000_000_000})).changed == 0
    assert await ask(registry, "{ datasetVersions { nodes { bytes frames } } }") == {
        "datasetVersions": {"nodes": [{"bytes": 1_500_000_000_000, "frames": 3_000_000_000}]}
    }


async def test_texts_of_facts_may_begin_with_a_byte_order_mark(http: httpx.AsyncClient) -> None:
    facts = [run("run:a"), run("run:b")]
    for kind, text in (
        ("application/json", json.dumps(facts)),
        ("application/x-ndjson", "\n".join(map(json.dumps, facts))),
    ):
        answer = await http.post("/facts", content=codecs.BOM_UTF8 + text.encode(), headers={"Content-Type": kind})
        assert answer.status_code == 200
    assert json.loads(answer.text.splitlines()[-1])["kinds"] == {"Run": 2}
    body = codecs.BOM_UTF8 + b'{"query": "{ runs { totalCount } }"}'
    answer = await http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["data"] == {"runs": {"totalCount": 2}}


async def test_numbers_that_json_does_not_know_are_refused_by_name(http: httpx.AsyncClient) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e400"):
        line = f'{{"kind": "Run", "id": "run:a", "metrics": {{"loss": [0, {number}]}}}}'
        read = float(number)
        said = f"metrics: loss.1: {read} is no number of JSON, which knows finite ones only"
        answer = await http.post("/facts", content=f"[{line}]", headers={"Content-Type": "application/json"})
        assert answer.json()["rejections"] == [{"position": 0, "id": "run:a", "reasons": [said]}]
        answer = await http.post("/facts", content=line, headers={"Content-Type": "application/x-ndjson"})
        assert json.loads(answer.text.splitlines()[0])["rejections"][0]["reasons"] == [said]
        query = "mutation($facts: [FactInput!]!) { record(facts: $facts) { ... on NotRecorded { rejections { reasons } } } }"
        variables = f'{{"facts": [{{"run": {{"id": "run:a", "metrics": {{"loss": [0, {number}]}}}}}}]}}'
        body = f'{{"query": {json.dumps(query)}, "variables": {variables}}}'
        answer = await http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
        assert answer.json()["data"] == {"record": {"rejections": [{"reasons": [said]}]}}
    fact = '{run: {id: "run:a", metrics: {loss: [0, 1e400]}}}'
    query = f"mutation {{ record(facts: [{fact}]) {{ ... on NotRecorded {{ rejections {{ reasons }} }} }} }}"
    answer = await http.post("/graphql", json={"query": query})
    said = "metrics: loss.1: inf is no number of JSON, which knows finite ones only"
    assert answer.json()["data"] == {"record": {"rejections": [{"reasons": [said]}]}}
    # GraphQL would read a bare word as a text.
    answer = await http.post("/graphql", json={"query": query.replace("1e400", "NaN")})
    assert "'NaN' is no value of JSON; a text is put in quotes" in answer.json()["errors"][0]["message"]
    assert (await http.post("/graphql", json={"query": "{ runs { totalCount } }"})).json()["data"] == {
        "runs": {"totalCount": 0}
    }


async def test_what_is_too_long_is_refused_by_name_and_the_rest_is_recorded(http: httpx.AsyncClient) -> None:
    long = 270_000 * "x"
    lines = [
        run("run:a", externalIds=[f"mlflow:{long}"]),
        {"kind": "DatasetVersion", "id": "dataset:d@1", "digest": f"sha256:{long}"},
        run("run:b", labels=[long], owners=[{"name": long}]),
        {"kind": "Retraction", "of": "run:c", "reason": long},
        run("run:d", **{long: 1}),
        run("run:e"),
    ]
    headers = {"Content-Type": "application/x-ndjson"}
    answer = await http.post("/facts", content="\n".join(map(json.dumps, lines)), headers=headers)
    first, last = map(json.loads, answer.text.splitlines())
    found = [(r["position"], [reason[:45] for reason in r["reasons"]]) for r in first["rejections"]]
    assert found == [
        (0, ["externalIds.0: must be at most 2000 character"]),
        (1, [f"digest: 'sha256:{29 * 'x'}"]),
        (2, ["labels.0: must be at most 2000 characters lon", "owners.0.name: must be at most 2000 character"]),
        (3, ["reason: must be at most 20000 characters long"]),
        (4, [45 * "x"]),
    ]
    assert all(len(reason) < 600 for r in first["rejections"] for reason in r["reasons"])
    assert last["kinds"] == {"Run": 1}
    assert (await http.post("/facts", params={"source": long[:2001]}, json=[])).status_code == 400
    query = "mutation($s: String!) { record(facts: [], source: $s) { __typename } }"
    answer = await http.post("/graphql", json={"query": query, "variables": {"s": long[:2001]}})
    assert [(e["message"], e["extensions"]["code"]) for e in answer.json()["errors"]] == [
        ("source: must be at most 2000 characters long; it has 2001", "INVALID_ARGUMENT")
    ]
    query = """mutation($k: String!) {
      quarantineArtifact(artifact: "artifact:a", reason: "t", idempotencyKey: $k) { ... on Refused { reasons { message } } }
    }"""
    for key, size in ((long[:513], 513), ("", 0)):
        answer = await http.post("/graphql", json={"query": query, "variables": {"k": key}})
        assert answer.json()["data"]["quarantineArtifact"] == {
            "reasons": [{"message": f"idempotencyKey: must be 1 to 512 characters long; it has {size}"}]
        }
    assert (await http.post("/facts", params={"after": long[:2001]}, json=[])).status_code == 400


async def test_what_is_seen_is_no_phantom_of_a_digest_that_is_none(registry: Forebear) -> None:
    await taken(registry, {"kind": "Robot", "id": "robot:a"})

    async def told(**named: str) -> Any:
        return (await ask(registry, REPORT, **named))["reportInstallation"]

    for digest in ("abc", HEX, f"sha256:{HEX[:12]}", f"sha256:{HEX}0"):
        (reason,) = (await told(d=digest))["reasons"]
        assert (reason["code"], reason["message"].startswith(f"digest: '{digest}' ")) == ("INVALID_DIGEST", True)
    for name in (f"SHA256:{HEX}", f"sha256:{HEX[:12]}"):
        (reason,) = (await told(a=f"artifact:{name}"))["reasons"]
        assert (reason["code"], reason["message"].startswith(f"artifact: artifact:{name}: ")) == ("INVALID_INPUT", True)
    for digest in (f"SHA256:{HEX.upper()}", f"sha256:{HEX}"):
        assert await told(d=digest) == {"subject": {"artifact": {"id": f"artifact:sha256:{HEX}"}}}
    assert await ask(registry, "{ artifacts { nodes { id } } installations { totalCount } }") == {
        "artifacts": {"nodes": [{"id": f"artifact:sha256:{HEX}"}]},
        "installations": {"totalCount": 1},
    }
