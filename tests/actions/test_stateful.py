"""Whatever several people do in whatever order: it comes to what a plain memory of it says, and what may never be is not."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from forebear.actions.performer import Requester
from forebear.app import Forebear
from forebear.domain.outcome import Conflict, Done, Outcome, Refused
from forebear.verbs.catalogue import ACTIONS
from tests.actions.expectation import COHORTS, DONE, FLEETS, INCIDENT_STATES, ROBOTS, SAME, SEVERITIES, Answer, Expectation
from tests.actions.sequences import APART, Sequence, Step, world
from tests.record.asking import ask, everything, now, record
from tests.soak import SOAK

SEQUENCES = 3 * SOAK
STEPS = 60

ON_RECORD = {"Decision", "AuditEntry", "OutboxEntry", "AuditChain"}
"""What a refusal that is a decision writes, but for the release that it may find lapsed."""

KNOWN = """query ($known: DateTime) {
  releases(first: 50, asKnownAt: $known) { nodes { id state staleFrom revision recordedAt recordedBy
    approvedBy { nodes { id } } } }
  decisions(first: 500, asKnownAt: $known) { totalCount nodes { id type verdict actor state digest decidedAt
    about { nodes { id } } under { nodes { id } } cites { nodes { id } } counts { nodes { id } }
    checks { requirement passed measured } } }
  releasePolicies(asKnownAt: $known) { nodes { id governs(allTime: true) { edges { validFrom validTo node { id } } } } }
  modelVersions(asKnownAt: $known) { nodes { id weightsDigest robotSoftware revision } }
  evidence(first: 200, asKnownAt: $known) { nodes { id measuredAt supersedes { nodes { id } } supersededBy { nodes { id } } } }
  artifacts(asKnownAt: $known) { nodes { id state described toolchain builtFrom { id } authorizedBy { nodes { id } } } }
  deployments(first: 200, asKnownAt: $known) { nodes { id state validFrom validTo basis reports { state at }
    artifact { id } replaces { nodes { id } } rollsBack { nodes { id } } authorizedBy { nodes { id } } } }
  installations(first: 200, asKnownAt: $known) { nodes { id validFrom validTo robot { id } installedBy { id } } }
  decommissionings(asKnownAt: $known) { nodes { id validFrom validTo place { id } fleets { nodes { id } } } }
  stops(asKnownAt: $known) { nodes { id requestedAt place { ... on Node { id } } } }
  incidents(asKnownAt: $known) { nodes { id state severity validFrom validTo intervals { asOf validFrom validTo }
    at { nodes { id } } duplicateOf { nodes { id } } } }
  maintenanceEvents(asKnownAt: $known) { nodes { id validFrom validTo at { nodes { id } } } }
  attributions(asKnownAt: $known) { nodes { id actor explains { nodes { id } } suspects { nodes { id } }
    supersededBy { nodes { id } } } }
  robots(asKnownAt: $known) { nodes { id memberOf(allTime: true) { edges { validFrom validTo node { id } } } } }
}"""
"""What actions write, as it is known at a moment."""


def test_for_every_action_there_is_something_to_ask_for() -> None:
    assert [action.name for action in ACTIONS if not hasattr(Sequence, f"_{action.name}")] == [
        a.name for a in ACTIONS if a.name in APART
    ]


@dataclass
class Run:
    """A sequence that is under way, and what is expected of it."""

    registry: Forebear
    seed: int
    expected: Expectation
    steps: list[Step] = field(default_factory=list)

    async def do(self, step: Step) -> None:
        """One step, which must come to what is expected, and leave what is expected."""
        self.steps.append(step)
        before = await everything(self.registry)
        ways = self.ways(step)
        by = Requester(step.actor, "tests", f"key-{len(self.steps)}")
        outcome = await self.registry.performer.do(step.verb, step.input, by)
        answer = self.expected.of(step.actor, step.verb, step.input, now())
        if step.verb == "evaluate" and answer == DONE:
            answer = await self.evaluated(step, outcome)
        assert _came(outcome) == answer[0], outcome
        if step.verb == "rollBack" and answer[0] == "done":
            await self.went_back(step, outcome, ways)
        if isinstance(outcome, Refused):
            assert all(r.code and r.message and r.remedy for r in outcome.reasons), outcome
            assert not answer[1] or {r.code for r in outcome.reasons} == answer[1], outcome
        after = await everything(self.registry)
        _written(before, after, outcome, answer)
        if step.verb == "recommission" and answer == DONE:
            await self.rejoined()
            after = await everything(self.registry)
        await self.stands()
        if len(self.steps) % 4 == 0:
            assert await self.registry.performer.do(step.verb, step.input, by) == outcome
            assert await everything(self.registry) == after

    def ways(self, step: Step) -> set[str]:
        """What going back may come to: what was undone there is gone back to by its name alone."""
        if step.verb != "rollBack":
            return set()
        on = step.input["on"]
        return self.expected.ways_back(on) - (set() if "to" in step.input else self.expected.undone_before(on))

    async def evaluated(self, step: Step, outcome: Outcome) -> Answer:
        """What evaluating a line came to, after which there is nothing more to decide."""
        after = await everything(self.registry)
        again = await self.registry.performer.do(step.verb, step.input, Requester(step.actor, "tests"))
        assert again == Done(step.input["line"], unchanged=True)
        assert await everything(self.registry) == after
        return SAME if outcome == again else DONE

    async def rejoined(self) -> None:
        """What is in service again is recorded to belong where it belonged."""
        since = now()
        for member, group in sorted(self.expected.rejoin()):
            kind, edge = ("Robot", "memberOf") if member in ROBOTS else ("Cohort", "fleets")
            await record(self.registry, {"kind": kind, "id": member, edge: [{"id": group, "validFrom": since}]})

    async def went_back(self, step: Step, outcome: Outcome, ways: set[str]) -> None:
        """What going back came to is one of the ways back."""
        assert isinstance(outcome, Done)
        query = "query ($id: ID!) { deployment(id: $id) { artifact { id } } }"
        artifact = (await ask(self.registry, query, id=outcome.subject))["deployment"]["artifact"]["id"]
        assert artifact in ways & {step.input.get("to", artifact)}
        self.expected.went_back(step.input["on"], outcome.subject, artifact, now())

    async def stands(self) -> None:
        """All states are those that are expected."""
        e, read = self.expected, self.registry.store.read
        releases = await read(
            """MATCH (r:Release) OPTIONAL MATCH (r)-[a:APPROVED_BY]->(d:Decision)
            RETURN r.id AS id, r.state AS state, r.staleFrom AS stale, collect(d.type) AS types"""
        )
        at = now()
        found = {
            r["id"]: (r["state"], r["stale"] and ("now" if str(r["stale"]) <= at else "later"), len(r["types"]))  # type: ignore[arg-type]
            for r in releases
        }
        assert found == {id: (r.state, r.stale, int(r.approved_under is not None)) for id, r in e.releases.items()}
        artifacts = await read("MATCH (a:Artifact) WHERE a.describedAt IS NOT NULL RETURN a.id AS id, a.state AS state")
        assert {a["id"]: a["state"] for a in artifacts} == {id: a.state for id, a in e.artifacts.items()}
        deployments = await read("MATCH (d:Deployment)-[of:OF]->(a:Artifact) WHERE true RETURN d.id AS id, d.state AS state")
        assert {d["id"]: d["state"] for d in deployments} == {id: d.state for id, d in e.deployments.items()}
        out = await read("MATCH (o:Decommissioning)-[of:DECOMMISSIONS]->(p) WHERE o.validTo IS NULL RETURN p.id AS id")
        assert sorted(row["id"] for row in out) == sorted(e.out)
        stops = await read("MATCH (s:Stop)-[on:ON]->(p) WHERE true RETURN p.id AS id")
        assert Counter(row["id"] for row in stops) == Counter(place for place, asked in e.stops.items() for _ in asked)
        belongs = await read("MATCH (m)-[e:MEMBER_OF|PART_OF]->(g) WHERE e.validTo IS NULL RETURN m.id AS id, g.id AS group")
        assert sorted((row["id"], row["group"]) for row in belongs) == sorted(e.belongs)
        recalls = await read("MATCH (r:Recall) RETURN r.id AS id, r.validFrom AS since, r.validTo AS until")
        assert {r["id"]: (r["since"] is not None and r["since"] != r["until"], r["until"] is not None) for r in recalls} == {
            id: (recall.stands, recall.over) for id, recall in e.recalls.items()
        }
        seen = await read(
            """MATCH (i:Installation)-[on:ON]->(r:Robot) WHERE i.validTo IS NULL
            MATCH (i)-[of:OF]->(a:Artifact) WHERE true RETURN r.id AS robot, a.id AS artifact"""
        )
        assert {row["robot"]: row["artifact"] for row in seen} == e.seen

        incidents = await read(
            "MATCH (i:Incident) WHERE i.describedAt IS NOT NULL RETURN i.id AS id, i.state AS state, i.severity AS severity"
        )
        assert {i["id"]: (i["state"], i["severity"]) for i in incidents} == {
            id: (event.present("state", INCIDENT_STATES), event.present("severity", SEVERITIES))
            for id, event in e.events.items()
            if id.startswith("incident:")
        }
        attributions = await read(
            """MATCH (a:Attribution) WHERE true
            RETURN a.id AS id, EXISTS { MATCH (a)<-[s:SUPERSEDES]-(b) WHERE true } AS superseded,
            COLLECT { MATCH (a)-[s:SUSPECTS]->(node) WHERE true RETURN node.id } AS suspects"""
        )
        assert {a["id"]: (a["superseded"], {*a["suspects"]}) for a in attributions} == {
            id: (a.superseded, {*a.suspects}) for id, a in e.attributions.items()
        }

    async def eligible(self) -> None:
        """What may run is what is expected to be allowed, and what may be gone back to as well."""
        for place in (*FLEETS, *COHORTS):
            query = """query ($at: ID!) {
                eligible(place: $at, first: 1000) { nodes { allowed artifact { id } reasons { code message remedy } } }
                rollbackTargets(place: $at, first: 1000) { nodes { allowed undoneBy { id } artifact { id } } } }"""
            answer = await ask(self.registry, query, at=place)
            rows = answer["eligible"]["nodes"]
            fitting = {row["artifact"]["id"] for row in rows if row["allowed"]}
            assert fitting == {id for id in self.expected.artifacts if self.expected.fits(id, place)}, place
            assert all(row["allowed"] != bool(row["reasons"]) for row in rows)
            back = {row["artifact"]["id"] for row in answer["rollbackTargets"]["nodes"] if row["allowed"]}
            assert back == self.expected.ways_back(place), place
            undone = {row["artifact"]["id"] for row in answer["rollbackTargets"]["nodes"] if row["undoneBy"]}
            bad = self.expected.undone(place)
            recalled = {id for id, build in self.expected.artifacts.items() if self.expected.is_recalled(build.version)}
            assert undone == self.expected.undone_before(place) - recalled - ({bad[1].artifact} if bad else set()), place

    async def granted(self) -> None:
        """Nothing stands approved but by votes and checks that satisfied the policy then in force."""
        query = """{ decisions(first: 1000, filter: {type: {in: [APPROVAL, PROMOTION]}, verdict: {eq: GRANTED}}) { nodes {
            type actor under { nodes { id riskTier document } } checks { passed } counts { nodes { type verdict actor digest } }
            digest about { nodes { id } } } } }"""
        for d in (await ask(self.registry, query))["decisions"]["nodes"]:
            ((policy,), (about,)) = d["under"]["nodes"], d["about"]["nodes"]
            said = self.expected.policies[policy["id"]]
            assert [c["passed"] for c in d["checks"]] == [True] * len(said["evidence"])
            voters = [v["actor"] for v in d["counts"]["nodes"]]
            assert len({*voters}) == len(voters)
            if d["type"] == "PROMOTION":
                assert (policy["riskTier"], d["actor"], said.get("automaticPromotion"), voters) == (
                    "LOW",
                    policy["id"],
                    True,
                    [],
                )
            else:
                assert len(voters) >= said["approvals"]["count"]
                assert all(
                    (v["type"], v["verdict"], v["digest"]) == ("VOTE", "GRANTED", d["digest"]) for v in d["counts"]["nodes"]
                )
            assert about["id"] in self.expected.releases

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}, step {len(self.steps)}:", *map(str, self.steps)])


def _came(outcome: Outcome) -> str:
    match outcome:
        case Done(unchanged=unchanged):
            return "same" if unchanged else "done"
        case Refused(decisions=decisions):
            return "recorded" if decisions else "refused"
        case Conflict() | _:
            raise AssertionError(outcome)


def _written(before: Any, after: Any, outcome: Outcome, answer: Answer) -> None:
    """What an outcome says that it changed is changed, each change is told of, and nothing else is changed."""
    gone, new = ({*before[0]} - {*after[0]}, {*after[0]} - {*before[0]})
    labels = Counter(json.loads(node)["label"] for node in new)
    assert labels.pop("Request", 0) == (0 if _forbidden(outcome) else 1)
    if answer[0] in ("same", "refused"):
        # A name is held before it is known what comes of it.
        labels.pop("ExternalId", None)
        assert (gone, labels, before[1]) == (set(), Counter(), after[1])
        return
    assert labels["AuditEntry"] == labels["OutboxEntry"] >= 1
    told: set[str] = set()
    for node in new:
        row = json.loads(node)
        if row["label"] == "AuditEntry":
            told |= json.loads(row["p"]["after"]).keys()
    if isinstance(outcome, Done):
        assert told == {*outcome.changed, *outcome.decisions}
    else:
        assert isinstance(outcome, Refused)
        assert {*outcome.decisions} <= told
        lapsed = labels.keys() - ON_RECORD
        assert lapsed <= {"Release", "Revision"}


def _forbidden(outcome: Outcome) -> bool:
    """Whether somebody's roles did not allow it, so that nothing was looked at."""
    return isinstance(outcome, Refused) and any(" may not " in r.message for r in outcome.reasons)


@pytest.mark.parametrize("seed", range(SEQUENCES))
async def test_what_comes_of_actions_is_what_a_memory_of_them_says(registry: Forebear, seed: int) -> None:
    run = Run(registry, seed, await world(registry))
    sequence, choose = Sequence(seed, run.expected), random.Random(seed)
    quiet: list[tuple[str, Any]] = []
    try:
        for _ in range(STEPS):
            await run.do(sequence.next())
            if choose.random() < 0.1:
                await run.eligible()
            if choose.random() < 0.06:
                at = now()
                quiet.append((at, await ask(registry, KNOWN)))
        await run.granted()
        for at, then in quiet:
            assert await ask(registry, KNOWN, known=at) == then, at
    except AssertionError as error:
        error.add_note(str(run))
        raise
