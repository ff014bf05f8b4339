"""The audit trail is verified as it streams by: whatever was done to it, or to the graph past it, is found and named."""

import asyncio
import json
import random
from typing import Any

import pytest

from forebear.app import Forebear
from forebear.audit.append import Chains
from forebear.audit.chain import Entry
from forebear.audit.heads import heads_kept, write_heads
from forebear.audit.trail import lines
from forebear.audit.verification import NotATrail, Verification
from forebear.graph.kinds import GRAPH
from forebear.record.archive import export, restore
from forebear.store import Store
from tests import engines
from tests.actions import world
from tests.actions.world import ADA, ANNA, BEN, company, done
from tests.api.histories import History
from tests.audit.auditing import act, broken, findings, heads, tamper, trail
from tests.record.asking import origin, record
from tests.soak import SOAK

RELEASE = "release:m@1/l"
SINCE = "2026-01-01T00:00:00.000000Z"
CREATE = (
    f"MERGE (l:ReleaseLine {{id: 'line:l'}}) MERGE (v:ModelVersion {{id: 'model:m@1'}}) "
    f"CREATE (r:Release {{id: '{RELEASE}', state: 'CANDIDATE', describedAt: '{SINCE}', recordedAt: '{SINCE}', revision: 0}}) "
    f"CREATE (r)-[:OF {{recordedAt: $now}}]->(v) CREATE (r)-[:IN_LINE {{recordedAt: $now}}]->(l)"
)
NO_TEXT = "Expected `str`, got `int` - at `$.recordedAt`"
CREATED = {RELEASE: {"state": "CANDIDATE", "version": ["model:m@1"], "line": "line:l"}}
APPROVE = (
    f"MATCH (r:Release {{id: '{RELEASE}'}})-[:IN_LINE]->(l) SET r.state = 'APPROVED', r.revision = 1 "
    f"CREATE (r)-[:PERMITTED {{basis: 'APPROVAL', validFrom: '{SINCE}', recordedAt: $now}}]->(l)"
)


async def release(store: Store) -> None:
    """A release that was registered and approved by actions."""
    await act(store, RELEASE, None, CREATED, write=CREATE)
    await act(store, RELEASE, {RELEASE: {"state": "CANDIDATE"}}, {RELEASE: {"state": "APPROVED"}}, write=APPROVE)


async def subjects(store: Store, *subjects: str, entries: int = 3) -> dict[str, list[Entry]]:
    """Chains with a few entries each."""
    return {subject: [await act(store, subject) for _ in range(entries)] for subject in subjects}


# ── heads ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_head_covers_what_grew_since_the_one_before(registry: Forebear) -> None:
    store = registry.store
    assert await write_heads(store) is None
    made = await subjects(store, "a", "b", entries=2)
    first = await write_heads(store)
    assert await write_heads(store) == first
    made["b"].append(await act(store, "b"))
    made["c"] = [await act(store, "c")]
    second = await write_heads(store)

    assert await heads(store) == [first, second]
    assert first
    assert second
    assert json.loads(first.grown) == {"a": [2, made["a"][1].hash], "b": [2, made["b"][1].hash]}
    assert json.loads(second.grown) == {"b": [3, made["b"][2].hash], "c": [1, made["c"][0].hash]}
    assert (second.number, second.chains, second.entries, second.previous) == (1, 3, 6, first.hash)
    assert await findings(store, first.hash, second.hash) == []


async def test_heads_that_are_written_at_once_by_several_processes_form_one_chain(registry: Forebear) -> None:
    store = registry.store
    for _ in range(3):
        await subjects(store, "a", "b", entries=1)
        await asyncio.gather(*(write_heads(store) for _ in range(4)))

    found = await heads(store)
    assert [h.number for h in found] == list(range(len(found)))
    assert (found[-1].chains, found[-1].entries) == (2, 6)
    assert await findings(store) == []


async def test_more_chains_than_fit_in_one_head_take_several(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forebear.audit.heads.MAX_GROWN", 2)
    await subjects(registry.store, "a", "b", "c", "d", "e", entries=1)
    await write_heads(registry.store)

    assert [list(json.loads(h.grown)) for h in await heads(registry.store)] == [["a", "b"], ["c", "d"], ["e"]]
    assert await findings(registry.store) == []


async def test_heads_are_kept_as_time_goes_by(registry: Forebear) -> None:
    store = registry.store
    await act(store, "a")
    async with heads_kept(store, 0.01):
        while len(await heads(store)) < 1:
            await asyncio.sleep(0.01)
        await act(store, "a")
        while len(await heads(store)) < 2:
            await asyncio.sleep(0.01)

    assert [json.loads(h.grown)["a"][0] for h in await heads(store)] == [1, 2]


# ── whole trails ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_trail_that_nobody_tampered_with_holds(registry: Forebear) -> None:
    await release(registry.store)
    await write_heads(registry.store)
    await record(registry, {"kind": "Run", "id": "run:a", "status": "RUNNING", "trainedOn": ["dataset:d@1"]})
    await record(registry, {"kind": "Run", "id": "run:a", "status": "SUCCEEDED"})
    await write_heads(registry.store)

    given = await trail(registry.store)
    assert [next(iter(json.loads(line))) for line in given] == [
        "audit", "head", "head", "chain", "entry", "entry", "chain", "entry", "entry", "end",
    ]  # fmt: skip
    assert await findings(registry.store) == []


async def test_an_empty_trail_holds(registry: Forebear) -> None:
    assert await findings(registry.store) == []


async def test_a_restored_trail_holds_and_is_gone_on_with(registry: Forebear) -> None:
    store = registry.store
    await release(store)
    await record(registry, {"kind": "Run", "id": "run:a", "status": "RUNNING"})
    kept = await write_heads(store)
    before = await trail(store)
    archive = [line async for line in export(store, GRAPH)]
    await engines.empty(store)
    async for _ in restore(store, GRAPH, archive):
        pass

    assert kept
    assert await trail(store) == before
    await record(registry, {"kind": "Run", "id": "run:a", "status": "SUCCEEDED"})
    await act(store, RELEASE)
    await write_heads(store)
    assert await findings(store, kept.hash) == []


async def test_a_trail_that_grows_while_it_is_read_holds(registry: Forebear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forebear.audit.trail.BATCH", 3)
    store = registry.store
    chains = Chains()
    await subjects(store, "a", "b", "c")
    await write_heads(store)
    verification = Verification()
    found = []
    async for text in lines(store):
        found += verification.add(text.splitlines())
        for subject in ("a", "b", "d"):
            await act(store, subject, chains=chains)
        await write_heads(store)
    verification.close()

    assert found == []
    assert await findings(store) == []


async def test_the_lines_of_something_else_are_refused(registry: Forebear) -> None:
    await subjects(registry.store, "a", entries=1)
    given = await trail(registry.store)
    for bad, says in (
        ([], "it ends too early: its last line is missing"),
        (given[:-1], "it ends too early: its last line is missing"),
        (given[1:], "it does not begin like an audit trail of this version of Forebear"),
        ([given[0], b'{"node":"Run"}', *given[1:]], "a line holds 'node', which is no part of an audit trail"),
    ):
        with pytest.raises(NotATrail, match=says):
            broken(bad)
    with pytest.raises(NotATrail, match="a line is damaged or incomplete"):
        broken([given[0], given[1][:9]])


# ── tampering in the database ───────────────────────────────────────────────────────────────────────────────


async def test_each_broken_chain_is_named_with_its_first_broken_link(registry: Forebear) -> None:
    store = registry.store
    made = await subjects(store, "changed", "gone", "good", "swapped", "tip", "tail", entries=4)
    last = await write_heads(store)
    assert last
    await tamper(
        store,
        "MATCH (e:AuditEntry) WHERE e.id IN ['changed#1', 'changed#2'] SET e.by = 'nobody'",
        "MATCH (e:AuditEntry {id: 'gone#1'}) DELETE e",
        "MATCH (a:AuditEntry {id: 'swapped#1'}) SET a.id = 'aside', a.number = 2",
        "MATCH (b:AuditEntry {id: 'swapped#2'}) SET b.id = 'swapped#1', b.number = 1",
        "MATCH (a:AuditEntry {id: 'aside'}) SET a.id = 'swapped#2'",
        "MATCH (c:AuditChain {id: 'tip'}) SET c.hash = 'no hash'",
        "MATCH (e:AuditEntry {id: 'tail#3'}) DELETE e",
        "MATCH (c:AuditChain {id: 'tail'}) SET c.length = 3, c.hash = $hash",
        hash=made["tail"][2].hash,
    )

    second = made["swapped"][2]
    forged = Entry.stored({**second.properties, "number": 1}).recomputed()
    changed = Entry.stored({**made["changed"][1].properties, "by": "nobody"}).recomputed()
    assert sorted(await findings(store)) == [
        f"changed#1 was changed: what it says has the hash {changed}, and its hash is {made['changed'][1].hash}",
        "gone#1 is missing: gone#2 stands in its place",
        f"swapped#1 was changed: what it says has the hash {forged}, and its hash is {second.hash}",
        "tail#3 is missing: head#0 knows 4 entries, and 3 are left",
        f"tip ends with the hash {made['tip'][3].hash}, and its chain says no hash",
    ]


async def test_a_chain_that_was_written_anew_is_found_by_the_heads(registry: Forebear) -> None:
    store = registry.store
    made = (await subjects(store, "a", entries=2))["a"]
    await write_heads(store)
    await tamper(store, "MATCH (n:AuditEntry|OutboxEntry) DELETE n", "MATCH (c:AuditChain) SET c.length = 0 REMOVE c.hash")
    forged = [await act(store, "a", after={"model:x@1": {"uri": "forged"}}, write="RETURN 1 AS x") for _ in range(2)]

    assert await findings(store) == [
        f"a#1 was replaced: head#0 knows it with the hash {made[1].hash}, and its hash is {forged[1].hash}",
        "model:x@1 is gone, and a#1 speaks of it",
    ]


async def test_a_removed_chain_is_found_by_the_heads(registry: Forebear) -> None:
    store = registry.store
    await subjects(store, "a", "b")
    await write_heads(store)
    await tamper(store, "MATCH (c:AuditChain {id: 'a'}) DELETE c", "MATCH (e:AuditEntry {subject: 'a'}) DELETE e")

    assert await findings(store) == ["a is missing: head#0 knows 3 entries of it"]


async def test_entries_that_no_chain_counts_are_found(registry: Forebear) -> None:
    store = registry.store
    await subjects(store, "a", "b")
    await tamper(
        store,
        "MATCH (c:AuditChain {id: 'a'}) DELETE c",
        "CREATE (e:AuditEntry {id: 'b#9', subject: 'b', number: 9})",
    )

    assert await findings(store) == [
        "a#0 is not counted by the chain of its subject, a",
        "b#9 is not counted by the chain of its subject, b",
    ]


async def test_a_removed_head_is_found(registry: Forebear) -> None:
    store = registry.store
    for _ in range(3):
        await subjects(store, "a", "b", entries=1)
        await write_heads(store)
    _, second, third = await heads(store)
    await tamper(store, "MATCH (h:AuditHead {number: 2}) DELETE h")
    assert await findings(store, second.hash, third.hash) == [
        "head#2 is missing: how far heads cover a and 1 more chains is not what the heads say",
        f"heads have none with the hash {third.hash}: some are missing or were replaced",
    ]

    await tamper(store, "MATCH (h:AuditHead {number: 0}) DELETE h")
    assert (await findings(store))[0] == "head#0 is missing: head#1 stands in its place"


async def test_heads_that_were_all_removed_are_found_by_one_that_was_kept_elsewhere(registry: Forebear) -> None:
    store = registry.store
    await subjects(store, "a")
    kept = await write_heads(store)
    assert kept
    await tamper(
        store,
        "MATCH (n:AuditHead|AuditEntry|OutboxEntry) DELETE n",
        "MATCH (c:AuditChain) SET c.length = 0 REMOVE c.covered, c.hash",
    )
    await subjects(store, "a")
    await write_heads(store)

    assert await findings(store) == []
    assert await findings(store, kept.hash) == [f"heads have none with the hash {kept.hash}: some are missing or were replaced"]


async def test_nonsense_in_a_chain_is_found_and_costs_no_more_than_what_is_there(registry: Forebear) -> None:
    store = registry.store
    made = await subjects(store, "long", "nothing", "text", entries=1)
    await tamper(
        store,
        "MATCH (c:AuditChain {id: 'long'}) SET c.length = 1000000000000",
        "MATCH (c:AuditChain {id: 'nothing'}) REMOVE c.length",
        "MATCH (e:AuditEntry {id: 'text#0'}) SET e.number = 'zero', e.before = 7",
    )

    assert made
    assert sorted(await findings(store)) == [
        "long#1 is missing: the chain has 1000000000000 entries",
        "nothing ends with the hash None, and its chain says " + made["nothing"][0].hash,
        "nothing#0 is not counted by the chain of its subject, nothing",
        "text#0 is missing: text#zero stands in its place",
        "text#0 is not counted by the chain of its subject, text",
    ]


# ── edits past the actions ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "MATCH (r:Release) SET r.state = 'DEPLOYED'",
            f'{RELEASE} has state "DEPLOYED", and by {RELEASE}#1 it is "APPROVED"',
        ),
        (
            "MATCH (r:Release) REMOVE r.revision SET r.describedAt = 7",
            f"{RELEASE} holds what Forebear does not write: {NO_TEXT}",
        ),
        (
            "MATCH (r:Release)-[:IN_LINE]->(l) "
            "CREATE (r)-[:PERMITTED {basis: 'OVERRIDE', validFrom: '2026', recordedAt: '2026'}]->(l)",
            f"{RELEASE} may go on running on OVERRIDE since 2026, which does not follow from its decisions and policies",
        ),
        (
            "MATCH (r:Release)-[e:PERMITTED]->() DELETE e",
            f"{RELEASE} does not say that it may go on running on APPROVAL since {SINCE}, which follows from its history",
        ),
        (
            "MATCH (r:Release)-[e:OF]->() DELETE e",
            f"{RELEASE} has no edge version to model:m@1, which differs from {RELEASE}#0",
        ),
        (
            "MATCH (r:Release) MERGE (d:Decision {id: 'decision:forged'}) CREATE (r)-[:APPROVED_BY {recordedAt: '2026'}]->(d)",
            f"{RELEASE} has an edge approvedBy to decision:forged, and no entry says so",
        ),
        ("MATCH (r:Release) DETACH DELETE r", f"{RELEASE} is gone, and {RELEASE}#1 speaks of it"),
        (
            "CREATE (:Decision {id: 'decision:forged', describedAt: '2026', recordedAt: '2026'})",
            "decision:forged is governed, and no entry speaks of it",
        ),
    ],
)
async def test_an_edit_past_the_actions_is_found(registry: Forebear, statement: str, finding: str) -> None:
    await release(registry.store)
    assert await findings(registry.store) == []
    await tamper(registry.store, statement)

    assert await findings(registry.store) == [finding]


async def test_a_state_that_was_taken_away_is_found_with_what_it_let_run(registry: Forebear) -> None:
    await release(registry.store)
    await tamper(registry.store, "MATCH (r:Release) REMOVE r.state")

    assert await findings(registry.store) == [
        f'{RELEASE} has state null, and by {RELEASE}#1 it is "APPROVED"',
        f"{RELEASE} may go on running on APPROVAL since {SINCE}, which does not follow from its decisions and policies",
    ]


async def test_a_value_that_no_entry_tells_of_is_found(registry: Forebear) -> None:
    create = "CREATE (:Decision {id: 'decision:d', verdict: 'GRANTED', actor: 'ann', describedAt: $now, recordedAt: $now})"
    await act(registry.store, "decision:d", None, {"decision:d": {"verdict": "GRANTED"}}, write=create)

    assert await findings(registry.store) == ['decision:d has actor "ann", and no entry says so']


async def test_what_actions_did_is_as_they_say(registry: Forebear) -> None:
    await company(registry)
    await write_heads(registry.store)
    await done(registry, ANNA, "approve", release=world.RELEASE)
    await done(registry, BEN, "approve", release=world.RELEASE, reason="Good on film.")
    await done(registry, ANNA, "withdrawApproval", release=world.RELEASE, reason="Not on glass.")
    await done(registry, ADA, "override", release=world.RELEASE, reason="An emergency.", expiresAt="2099-01-01T00:00:00+02:00")
    await done(registry, BEN, "reject", release=world.RELEASE, reason="It drops glasses.")
    await done(registry, BEN, "restore", release=world.RELEASE, reason="It did not.")
    await write_heads(registry.store)

    assert await findings(registry.store) == []


async def test_imported_history_is_no_edit(registry: Forebear) -> None:
    await record(registry, {"kind": "Release", "id": RELEASE, "state": "CANDIDATE", "version": "model:m@1"}, imported=True)
    assert await findings(registry.store) == []


MEMBER = {"id": "fleet:f", "validFrom": "2026-01-01T00:00:00Z"}
OF_A = {"of": "run:a", "edge": "trainedOn"}
FACTS: list[dict[str, Any]] = [
    {"kind": "Run", "id": "run:a", "status": "RUNNING", "trainedOn": [{"id": "dataset:a@1", "weight": 0.5}, "dataset:b@1"]},
    {"kind": "Run", "id": "run:a", "status": "SUCCEEDED"},
    {"kind": "Correction", **OF_A, "to": "dataset:a@1", "values": {"weight": 2.0}, "reason": "counted"},
    {"kind": "Retraction", **OF_A, "to": "dataset:b@1", "reason": "never read"},
    {"kind": "Robot", "id": "robot:r", "memberOf": [MEMBER]},
    {"kind": "Robot", "id": "robot:r", "memberOf": [{**MEMBER, "validTo": "2026-02-01T00:00:00Z"}]},
    {"kind": "Run", "id": "run:gone", "status": "RUNNING"},
    {"kind": "Retraction", "of": "run:gone", "reason": "never ran"},
]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("RETURN 1 AS nothing", None),
        (
            "MATCH (r:Run {id: 'run:a'}) SET r.status = 'FAILED'",
            'run:a has status "FAILED", and by facts/tester#1 it is "SUCCEEDED"',
        ),
        (
            "MATCH (:Run {id: 'run:a'})-[e:TRAINED_ON]->() SET e.weight = 1.0",
            "run:a has an edge trainedOn to dataset:a@1 with weight 1.0, and by facts/tester#2 it is 2.0",
        ),
        (
            "MATCH (:Run {id: 'run:a'})-[e:TRAINED_ON]->() DELETE e",
            "run:a has no edge trainedOn to dataset:a@1, and by facts/tester#2 it has",
        ),
        (
            "MATCH (a:Run {id: 'run:a'})-[e:RETRACTED {type: 'TRAINED_ON'}]->(b {id: 'dataset:b@1'}) "
            "CREATE (a)-[n:TRAINED_ON]->(b) SET n.recordedAt = e.recordedAt DELETE e",
            "run:a has an edge trainedOn to dataset:b@1, and facts/tester#3 took it back",
        ),
        (
            "MATCH (:Robot)-[e:MEMBER_OF]->() REMOVE e.validTo",
            "robot:r has an edge memberOf to fleet:f with validTo null, "
            'and by facts/tester#5 it is "2026-02-01T00:00:00.000000Z"',
        ),
        (
            "MATCH (r:Run {id: 'run:gone'}) SET r.status = 'RUNNING'",
            'run:gone has status "RUNNING", and by facts/tester#7 it is retracted',
        ),
        (
            "MATCH (r:Run {id: 'run:gone'}) REMOVE r.retractedAt",
            "run:gone has retractedAt null, and by facts/tester#7 it is retracted",
        ),
    ],
)
async def test_an_edit_past_the_facts_is_found(registry: Forebear, statement: str, finding: str | None) -> None:
    for fact in FACTS:
        await record(registry, fact)
    await tamper(registry.store, statement)

    assert await findings(registry.store) == ([finding] if finding else [])


async def test_what_was_taken_back_and_recorded_again_is_as_the_trail_says(registry: Forebear) -> None:
    for fact in (
        *FACTS,
        {"kind": "Run", "id": "run:gone", "seed": 1},
        {"kind": "Run", "id": "run:a", "trainedOn": [{"id": "dataset:b@1", "weight": 7.0}]},
        {"kind": "Retraction", "of": "dataset:a@1", "reason": "it never was"},
        {"kind": "Retraction", "of": "robot:r", "reason": "never built"},
        {"kind": "Robot", "id": "robot:r", "memberOf": [MEMBER]},
        {"kind": "DatasetVersion", "id": "dataset:a@1"},
        {"kind": "Run", "id": "run:a", "trainedOn": ["dataset:a@1"]},
    ):
        assert (await record(registry, fact)).rejections == []

    assert await findings(registry.store) == []


async def test_what_one_batch_takes_back_and_records_again_is_as_the_trail_says(registry: Forebear) -> None:
    again = {"kind": "Run", "id": "run:a", "seed": 1, "trainedOn": [{"id": "dataset:a@1", "weight": 7.0}]}
    await record(registry, {"kind": "Run", "id": "run:a", "trainedOn": [{"id": "dataset:a@1", "weight": 0.5}]})
    await record(registry, {"kind": "Retraction", **OF_A, "to": "dataset:a@1", "reason": "never read"}, again)
    assert await findings(registry.store) == []
    await record(registry, {"kind": "Retraction", "of": "run:a", "reason": "never ran"}, again | {"seed": 2})

    assert await findings(registry.store) == []


@pytest.mark.parametrize("name", ["name", "description", "labels", "owners", "externalIds"])
async def test_what_is_simply_updated_is_no_part_of_what_is_verified(registry: Forebear, name: str) -> None:
    before, after = {
        "labels": (["a"], ["b"]), "owners": ([{"name": "ann"}], [{"name": "ben"}]), "externalIds": (["a:1"], ["b:1"]),
    }.get(name, ("a", "b"))  # fmt: skip
    robot = {"kind": "Robot", "id": "robot:r"}
    for fact in (
        robot | {name: before},
        {"kind": "Correction", "of": "robot:r", "values": {name: after}, "reason": "typo"},
        robot | {name: before},
        {"kind": "Correction", "of": "robot:r", "values": {name: None, "serial": "UR5e"}, "reason": "typo"},
        robot | {name: before},
    ):
        assert (await record(registry, fact)).rejections == []

    assert await findings(registry.store) == []
    await tamper(registry.store, "MATCH (r:Robot) SET r.serial = 'UR9'")
    assert await findings(registry.store) == ['robot:r has serial "UR9", and by facts/tester#2 it is "UR5e"']


@pytest.mark.parametrize("seed", range(2 * SOAK))
async def test_whatever_is_recorded_amended_and_renamed_is_as_the_trail_says(registry: Forebear, seed: int) -> None:
    for n, batch in enumerate(History(GRAPH, random.Random(seed)).batches(12, 40)):
        for documents in [batch.documents] if n % 3 else [[document] for document in batch.documents]:
            assert (await record(registry, *documents, imported=True)).rejections == []
    assert await findings(registry.store) == []

    archive = [line async for line in export(registry.store, GRAPH)]
    await engines.empty(registry.store)
    async for _ in restore(registry.store, GRAPH, archive):
        pass
    assert await findings(registry.store) == []


async def test_of_two_recorders_at_once_either_may_be_the_last(registry: Forebear) -> None:
    async def states(recorder: str, statuses: list[str]) -> None:
        for status in statuses:
            fact = {"kind": "Run", "id": "run:a", "status": status}
            await registry.recorder.record([fact], origin(recorder))

    await asyncio.gather(states("one", ["RUNNING", "FAILED"] * 5), states("two", ["QUEUED", "SUCCEEDED"] * 5))
    assert await findings(registry.store) == []

    await tamper(registry.store, "MATCH (r:Run) SET r.status = 'ABORTED'")
    (finding,) = await findings(registry.store)
    assert finding.startswith('run:a has status "ABORTED", and by facts/')
