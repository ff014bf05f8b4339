"""Each batch of facts leaves an audit entry in the transaction that records it."""

import asyncio
import hashlib
import json
from typing import Any

from forebear.app import Forebear
from forebear.audit.chain import Entry
from forebear.record.recorder import Recorder
from forebear.store import Store
from tests.record.asking import ask, history, origin, record, refused

CHAIN = "facts/tester"


async def chain(store: Store, subject: str = CHAIN) -> list[Entry]:
    """A subject's entries in order, which must hold together and end where their chain says."""
    rows = await store.read(
        "MATCH (e:AuditEntry {subject: $subject}) RETURN properties(e) AS p ORDER BY e.number", {"subject": subject}
    )
    found = []
    for row in rows:
        properties: dict[str, Any] = row["p"]  # type: ignore[assignment]
        id = properties.pop("id")
        entry = Entry(**{**dict.fromkeys(("reason", "request", "before", "after", "previous")), **properties})
        assert id == entry.id
        assert (entry.number, entry.previous) == (len(found), found[-1].hash if found else None)
        assert entry.hash == entry.recomputed()
        found.append(entry)
    (tip,) = await store.read(
        "MATCH (c:AuditChain {id: $subject}) RETURN c.length AS length, c.hash AS hash", {"subject": subject}
    ) or [{"length": 0, "hash": None}]
    assert tip == {"length": len(found), "hash": found[-1].hash if found else None}
    return found


def said(entry: Entry) -> Any:
    return json.loads(entry.after or "null")


def digest(*documents: object) -> str:
    lines = [json.dumps(d, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" for d in documents]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


RUN = {"kind": "Run", "id": "run:a", "name": "läuft", "status": "RUNNING", "trainedOn": [{"id": "dataset:a@1", "weight": 0.5}]}
DATASET = {"kind": "DatasetVersion", "id": "dataset:a@1", "episodes": 5}


async def test_a_batch_is_one_entry_with_its_digest(registry: Forebear) -> None:
    await record(registry, RUN, DATASET)

    (entry,) = await chain(registry.store)
    (node,) = await registry.store.read("MATCH (r:Run {id: 'run:a'}) RETURN r.recordedAt AS at")
    assert (entry.subject, entry.number, entry.at, entry.by) == (CHAIN, 0, node["at"], "tester")
    assert (entry.action, entry.reason, entry.request, entry.before) == ("record", None, None, None)
    assert said(entry) == {"digest": digest(RUN, DATASET), "facts": {"DatasetVersion": 1, "Run": 1}, "source": "tests"}


async def test_an_entry_of_the_outbox_tells_of_it(registry: Forebear) -> None:
    await record(registry, RUN)

    (entry,) = await chain(registry.store)
    (told,) = await registry.store.read("MATCH (o:OutboxEntry) RETURN properties(o) AS p")
    payload = json.dumps({"after": said(entry), "by": "tester", "entry": entry.id}, separators=(",", ":"))
    assert told["p"] == {
        "id": f"{entry.at}/0000/{entry.id}", "at": entry.at, "event": "record", "subject": CHAIN, "payload": payload
    }  # fmt: skip


async def test_a_batch_that_changes_nothing_leaves_no_entry(registry: Forebear) -> None:
    await record(registry, RUN)
    await record(registry, RUN)
    await refused(registry, {**RUN, "kind": "Nothing"})

    assert [said(e)["digest"] for e in await chain(registry.store)] == [digest(RUN)]


async def test_what_is_left_out_is_not_digested(registry: Forebear) -> None:
    await record(registry, RUN, {**RUN, "kind": "Nothing"}, DATASET, partial=True)

    assert [said(e)["digest"] for e in await chain(registry.store)] == [digest(RUN, DATASET)]


async def test_imported_history_says_so(registry: Forebear) -> None:
    await history(registry, RUN)

    assert [e.action for e in await chain(registry.store)] == ["importHistory"]


def correction(values: dict[str, object], reason: str, **edge: object) -> dict[str, object]:
    return {"kind": "Correction", "of": "run:a", "values": values, "reason": reason, **edge}


async def test_what_changes_of_what_was_known_is_in_the_entry(registry: Forebear) -> None:
    edge = {"edge": "trainedOn", "to": "dataset:a@1"}
    for fact in (
        RUN,
        {"kind": "Run", "id": "run:a", "status": "SUCCEEDED", "configuration": {"lr": 0.1}},
        correction({"configuration": {"lr": 1}}, "typed wrongly"),
        correction({"weight": 1}, "counted", **edge),
        {"kind": "Run", "id": "run:a", "trainedOn": [{"id": "dataset:a@1", "role": "finetune"}]},
        {"kind": "Retraction", "of": "run:a", "reason": "never read", **edge},
        {"kind": "Retraction", "of": "run:a", "reason": "never ran"},
        {"kind": "Run", "id": "run:a", "status": "RUNNING"},
    ):
        await record(registry, fact)

    first, *entries = await chain(registry.store)
    running, succeeded, again = first.at, entries[0].at, entries[-1].at
    both = {"statusTold": ["RUNNING", "SUCCEEDED"], "statusSince": [running, succeeded]}
    named = {**edge, "role": None}
    changes = [change for e in entries for change in said(e)["changes"]]
    assert all(change.pop("of") == "run:a" for change in changes)
    assert changes == [
        {
            "before": {"status": "RUNNING", "statusTold": ["RUNNING"], "statusSince": [running], "configuration": None},
            "after": {"status": "SUCCEEDED", **both, "configuration": '{"lr":0.1}'},
        },
        {
            "before": {"configuration": '{"lr":0.1}'},
            "after": {"configuration": '{"lr":1}'},
            "reason": "typed wrongly",
        },
        {**named, "before": {"weight": 0.5}, "after": {"weight": 1.0}, "reason": "counted"},
        {**named, "before": {"weight": 1.0}, "after": None},
        {
            **named,
            "role": "finetune",
            "before": dict.fromkeys(("role", "weight")),
            "after": {"role": "finetune", "weight": 1.0},
        },
        {**named, "role": "finetune", "before": {"weight": 1.0, "role": "finetune"}, "after": None, "reason": "never read"},
        {"before": {"status": "SUCCEEDED", **both, "configuration": '{"lr":1}'}, "after": None, "reason": "never ran"},
        {
            "before": {"retractedAt": entries[-2].at, **dict.fromkeys(("status", "statusTold", "statusSince"))},
            "after": {"retractedAt": None, "status": "RUNNING", "statusTold": ["RUNNING"], "statusSince": [again]},
        },
    ]


async def test_an_interval_that_ends_is_in_the_entry(registry: Forebear) -> None:
    member = {"id": "fleet:f", "validFrom": "2026-01-01T00:00:00Z"}
    await record(registry, {"kind": "Robot", "id": "robot:r", "memberOf": [member]})
    await record(registry, {"kind": "Robot", "id": "robot:r", "memberOf": [{**member, "validTo": "2026-02-01T00:00:00Z"}]})

    since, until = "2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z"
    assert said((await chain(registry.store))[1])["changes"] == [
        {
            "of": "robot:r", "edge": "memberOf", "to": "fleet:f", "validFrom": since,
            "before": {"validTo": None}, "after": {"validTo": until},
        }
    ]  # fmt: skip


async def test_concurrent_batches_of_one_and_of_several_recorders_form_whole_chains(registry: Forebear) -> None:
    async def one(n: int) -> None:
        by = origin(f"recorder-{n % 3}")
        fact = {"kind": "Run", "id": f"run:{n}", "trainedOn": ["dataset:shared@1"]}
        assert (await registry.recorder.record([fact], by)).rejections == []

    await asyncio.gather(*(one(n) for n in range(30)))

    chains = [await chain(registry.store, f"facts/recorder-{n}") for n in range(3)]
    assert [len(entries) for entries in chains] == [10, 10, 10]
    digests = {said(e)["digest"] for entries in chains for e in entries}
    assert digests == {digest({"kind": "Run", "id": f"run:{n}", "trainedOn": ["dataset:shared@1"]}) for n in range(30)}


async def test_a_chain_that_another_process_made_longer_is_gone_on_with(registry: Forebear) -> None:
    other = Recorder(registry.recorder.facts, registry.store, registry.performer)
    for n in range(4):
        recorder = other if n % 2 else registry.recorder
        await recorder.record([{"kind": "Run", "id": f"run:{n}"}], origin("tester", "tests"))

    assert len(await chain(registry.store)) == 4


# ── asked ───────────────────────────────────────────────────────────────────────────────────────────────────

TRAIL = """
query Trail($of: ID!, $from: Int! = 0, $after: String) {
  auditTrail(of: $of, from: $from, first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { number at by action reason request before after previous hash }
  }
}
"""


async def test_the_entries_of_a_subject_are_answered_in_pages_the_newest_last(registry: Forebear) -> None:
    for n in range(12):
        await record(registry, {"kind": "Run", "id": f"run:{n}", "seed": 1.0 * n})
    entries = await chain(registry.store)

    digests = [digest({"kind": "Run", "id": f"run:{n}", "seed": 1.0 * n}) for n in range(12)]
    found: list[Any] = []
    after, more = None, True
    while more:
        page = (await ask(registry, TRAIL, of=CHAIN, after=after))["auditTrail"]
        assert page["totalCount"] == 12
        found += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == [
        {
            "number": n, "at": e.at, "by": "tester", "action": "record", "reason": None, "request": None, "before": None,
            "after": {"digest": digests[n], "facts": {"Run": 1}, "source": "tests"},
            "previous": entries[n - 1].hash if n else None, "hash": e.hash,
        }
        for n, e in enumerate(entries)
    ]  # fmt: skip
    later = (await ask(registry, TRAIL, **{"of": CHAIN, "from": 11}))["auditTrail"]
    assert (later["totalCount"], [node["number"] for node in later["nodes"]]) == (1, [11])


async def test_what_nothing_is_known_of_has_no_entries(registry: Forebear) -> None:
    answer = await ask(registry, '{ a: auditTrail(of: "run:none") { totalCount } b: auditTrail(of: "🤖") { nodes { at } } }')
    assert answer == {"a": {"totalCount": 0}, "b": {"nodes": []}}
