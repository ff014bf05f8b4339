"""The questions of the comparison, each in the three languages side by side, to be answered alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from forebear.graph.moments import moment

Answer = Any
"""A tree of objects and lists, as JSON has it."""

SAMPLED = range(1, 9)
"""The programmes that are asked about: they are there, and the same, in a graph of any size."""

VERSIONS = [f"model:p{p}-m{m}@{v}" for p in SAMPLED for m in (0, 1) for v in (2, 5)]
DATASETS = [f"dataset:p{p}-d{d}@4" for p in SAMPLED for d in (1, 2)]


@dataclass(frozen=True)
class Limit:
    """What Forebear may take, by the time Bolt alone takes: so many times that, and so much more."""

    factor: float = 1.0
    plus: float = 0.0
    """In ms."""

    def of(self, bolt: float) -> float:
        """In ms."""
        return bolt * self.factor + self.plus

    def __str__(self) -> str:
        return f"Bolt + {self.plus} ms" if self.plus else f"{self.factor} x Bolt"


def branches(tree: Answer) -> list[tuple[tuple[tuple[str, Any], ...], ...]]:
    """An answer as its branches from root to leaf, sorted: what stays of it whatever wraps its lists."""

    def walk(node: Answer) -> Iterator[tuple[tuple[tuple[str, Any], ...], ...]]:
        if isinstance(node, list):
            for item in node:
                yield from walk(item)
        elif isinstance(node, dict):
            own = tuple(sorted((k, v) for k, v in node.items() if not isinstance(v, (dict, list))))
            here = (own,) if own else ()
            below = [branch for value in node.values() if isinstance(value, (dict, list)) for branch in walk(value)]
            yield from ((*here, *branch) for branch in below) if below else (here,) if here else ()

    return sorted(walk(tree), key=repr)


@dataclass(frozen=True)
class Question:
    """One question: what it asks, how fast the answer must come, and how it is asked of each system."""

    name: str
    limit: Limit
    cypher: str
    """Returns one record: the answer's tree, as a service that does nothing else would want it."""
    forebear: str
    peer: str
    ids: tuple[str, ...] = ()
    """What `$id` is, in turn; none where the question has no variable."""
    bounded: bool = True
    """Whether its answer is of one size, however large the graph."""
    read: Callable[[Answer], Answer] = branches
    read_peer: Callable[[Answer], Answer] = branches
    """What of an answer must be alike in all systems."""

    @property
    def variables(self) -> list[dict[str, str]]:
        """The variables of each variant of the question."""
        now = {"now": moment(datetime.now(UTC))} if "$now" in self.cypher else {}
        return [{"id": id} | now for id in self.ids] or [{}]


def _placed(tree: Answer) -> Answer:
    """Rows of fleet, artifact, version and, where one says that it should run, deployment, in the order of the answer."""
    (rows,) = (v["nodes"] if isinstance(v, dict) else v for v in tree.values())
    return [
        (row["fleet"]["name"], *(row[name] and row[name]["id"] for name in ("fleet", "artifact", "version", "deployment")))
        for row in rows
    ]


def _placed_nested(tree: Answer) -> Answer:
    """The same rows, out of the peer's nest: its clients would have to do this themselves."""
    newest: dict[tuple[str, ...], str | None] = {}
    for version in (
        version
        for data in tree["datasetVersions"]
        for run in data["trainingRuns"]
        for checkpoint in run["checkpoints"]
        for version in checkpoint["promotions"]
    ):
        for artifact in version["artifacts"]:
            for installation in artifact["installations"]:
                for robot in installation["on"]:
                    for fleet in _fleets(robot):
                        newest.setdefault((*fleet, artifact["id"], version["id"]), None)
            # The oldest first, so that the newest stays.
            for deployment in sorted(artifact["deployments"], key=lambda d: str(d["validFrom"])):
                for place in deployment["on"]:
                    for fleet in _fleets(place):
                        newest[*fleet, artifact["id"], version["id"]] = deployment["id"]
    return sorted(((*row, deployment) for row, deployment in newest.items()), key=lambda row: row[1:])


def _fleets(place: Answer) -> list[tuple[str, str]]:
    """A fleet itself, or those of a cohort or robot: name and id of each."""
    if "fleetsConnection" not in place:
        return [(place["name"], place["id"])]
    above = [place[name]["edges"] for name in ("fleetsConnection", "cohortsConnection") if name in place]
    return [fleet for edges in above for edge in edges for fleet in _fleets(edge["node"])]


QUESTIONS = (
    Question(
        "one version by id",
        Limit(plus=0.6),
        """
        MATCH (v:ModelVersion {id: $id}) RETURN v{.id, .name, .weightsDigest, .createdAt} AS modelVersion
        """,
        """query Version($id: ID!) { modelVersion(id: $id) { id name weightsDigest createdAt } }""",
        """query Version($id: ID!) {
          modelVersions(where: {id: {eq: $id}}) { id name weightsDigest createdAt }
        }""",
        tuple(VERSIONS),
    ),
    Question(
        "fleets running models trained on a dataset",
        Limit(plus=0.6),
        """
        MATCH (:DatasetVersion {id: $id})<-[:TRAINED_ON]-(:Run)<-[:PRODUCED_BY]-(:Checkpoint)
              <-[:PROMOTED_FROM]-(v:ModelVersion)<-[:BUILT_FROM]-(a:Artifact)
              <-[:OF]-(t:Deployment|Installation)
        WHERE t.validFrom <= $now AND coalesce(t.validTo > $now, true)
        MATCH (t)-[:ON]->()-[part:PART_OF|MEMBER_OF*0..2]->(f:Fleet)
        WHERE all(e IN part WHERE e.validFrom <= $now AND coalesce(e.validTo > $now, true))
        WITH f, a, v, t ORDER BY t.validFrom DESC, t.id
        WITH f, a, v, head(collect(CASE WHEN t:Deployment THEN t END)) AS d ORDER BY f.id, a.id LIMIT 100
        RETURN collect({
          fleet: f{.id, .name}, deployment: d{.id}, artifact: a{.id}, version: v{.id}
        }) AS fleetsRunning
        """,
        """query Running($id: ID!) {
          fleetsRunning(trainedOn: $id, includeDerived: false, first: 100) {
            nodes { fleet { id name } deployment { id } artifact { id } version { id } }
          }
        }""",
        """query Running($id: ID!, $now: String!) {
          datasetVersions(where: {id: {eq: $id}}) {
            trainingRuns { checkpoints { promotions { id artifacts { id
              deployments(where: {validFrom: {lte: $now}, OR: [{validTo: {gt: $now}}, {validTo: {eq: null}}]}) {
                id validFrom on { ... on Fleet { id name } ... on Cohort { ...Fleets } }
              }
              installations(where: {validFrom: {lte: $now}, OR: [{validTo: {gt: $now}}, {validTo: {eq: null}}]}) {
                on {
                  fleetsConnection(
                    where: {edge: {validFrom: {lte: $now}, OR: [{validTo: {gt: $now}}, {validTo: {eq: null}}]}}
                  ) { edges { node { id name } } }
                  cohortsConnection(
                    where: {edge: {validFrom: {lte: $now}, OR: [{validTo: {gt: $now}}, {validTo: {eq: null}}]}}
                  ) { edges { node { ...Fleets } } }
                }
              }
            } } } }
          }
        }
        fragment Fleets on Cohort {
          fleetsConnection(
            where: {edge: {validFrom: {lte: $now}, OR: [{validTo: {gt: $now}}, {validTo: {eq: null}}]}}
          ) { edges { node { id name } } }
        }""",
        tuple(DATASETS),
        read=_placed,
        read_peer=_placed_nested,
    ),
    Question(
        "dataset → models → artifacts → deployments → fleets",
        Limit(plus=0.7),
        """
        MATCH (data:DatasetVersion {id: $id})
        RETURN {trainingRuns: COLLECT {
          MATCH (data)<-[:TRAINED_ON]-(run:Run) WITH run ORDER BY run.id LIMIT 20
          RETURN run{.id, checkpoints: COLLECT {
            MATCH (run)<-[:PRODUCED_BY]-(c:Checkpoint) WITH c ORDER BY c.id LIMIT 20
            RETURN c{promotions: COLLECT {
              MATCH (c)<-[:PROMOTED_FROM]-(v:ModelVersion) WITH v ORDER BY v.id LIMIT 20
              RETURN v{.id, artifacts: COLLECT {
                MATCH (v)<-[:BUILT_FROM]-(artifact:Artifact) WITH artifact ORDER BY artifact.id LIMIT 20
                RETURN artifact{.id, deployments: COLLECT {
                  MATCH (artifact)<-[:OF]-(d:Deployment) WITH d ORDER BY d.id LIMIT 20
                  RETURN d{.id, on: head(COLLECT {
                    MATCH (d)-[:ON]->(place:Fleet|Cohort) RETURN place{.id}
                  })}
                }}
              }}
            }}
          }}
        }} AS datasetVersion
        """,
        """query Reached($id: ID!) {
          datasetVersion(id: $id) {
            trainingRuns(first: 20) { nodes { id checkpoints(first: 20) { nodes {
              promotions(first: 20) { nodes { id artifacts(first: 20) { nodes { id
                deployments(first: 20) { nodes { id on { id } } }
              } } } }
            } } } }
          }
        }""",
        """query Reached($id: ID!) {
          datasetVersions(where: {id: {eq: $id}}) {
            trainingRuns(limit: 20, sort: {id: ASC}) { id checkpoints(limit: 20, sort: {id: ASC}) {
              promotions(limit: 20, sort: {id: ASC}) { id artifacts(limit: 20, sort: {id: ASC}) { id
                deployments(limit: 20, sort: {id: ASC}) { id on { ... on Fleet { id } ... on Cohort { id } } }
              } }
            } }
          }
        }""",
        tuple(DATASETS),
    ),
    Question(
        "1,000 versions",
        Limit(factor=1.5),
        """
        MATCH (v:ModelVersion) WHERE v.id > '' WITH v ORDER BY v.id LIMIT 1000
        RETURN collect(
          v{.id, .name, .weightsDigest, .createdAt, .rateHz, .memoryMib, .license, .revision}
        ) AS modelVersions
        """,
        """query Versions {
          modelVersions(first: 1000) {
            nodes { id name weightsDigest createdAt rateHz memoryMib license revision }
          }
        }""",
        """query Versions {
          modelVersions(limit: 1000, sort: {id: ASC}) {
            id name weightsDigest createdAt rateHz memoryMib license revision
          }
        }""",
        bounded=False,
    ),
    Question(
        "1,000 versions with their datasets",
        Limit(factor=1.3),
        """
        MATCH (v:ModelVersion) WHERE v.id > '' WITH v ORDER BY v.id LIMIT 1000
        RETURN collect(v{.id, .name, .weightsDigest, .createdAt, promotedFrom: COLLECT {
          MATCH (v)-[:PROMOTED_FROM]->(checkpoint:Checkpoint) WITH checkpoint ORDER BY checkpoint.id LIMIT 5
          RETURN checkpoint{producedBy: head(COLLECT {
            MATCH (checkpoint)-[:PRODUCED_BY]->(run:Run)
            RETURN run{trainedOn: COLLECT {
              MATCH (run)-[:TRAINED_ON]->(data:DatasetVersion) WITH data ORDER BY data.id LIMIT 20
              RETURN data{.id, .name}
            }}
          })}
        }}) AS modelVersions
        """,
        """query VersionsWithDatasets {
          modelVersions(first: 1000) { nodes { id name weightsDigest createdAt
            promotedFrom(first: 5) { nodes { producedBy { trainedOn(first: 20) { nodes { id name } } } } }
          } }
        }""",
        """query VersionsWithDatasets {
          modelVersions(limit: 1000, sort: {id: ASC}) { id name weightsDigest createdAt
            promotedFrom(limit: 5, sort: {id: ASC}) {
              producedBy { trainedOn(limit: 20, sort: {id: ASC}) { id name } }
            }
          }
        }""",
        bounded=False,
    ),
)
