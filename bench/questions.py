"""The questions of the comparison, each in the three languages side by side, to be answered alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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
        return [{"id": id} for id in self.ids] or [{}]


def _placed(tree: Answer) -> Answer:
    """Rows of version, artifact, deployment and fleet."""
    (rows,) = (v["nodes"] if isinstance(v, dict) else v for v in tree.values())
    return sorted((row["version"]["id"], row["artifact"]["id"], row["deployment"]["id"], row["fleet"]["id"]) for row in rows)


def _placed_nested(tree: Answer) -> Answer:
    """The same rows, out of the peer's nest."""
    return sorted(
        (version["id"], artifact["id"], deployment["id"], fleet["id"])
        for data in tree["datasetVersions"]
        for run in data["trainingRuns"]
        for checkpoint in run["checkpoints"]
        for version in checkpoint["promotions"]
        for artifact in version["artifacts"]
        for deployment in artifact["deployments"]
        for place in deployment["on"]
        for fleet in ([edge["node"] for edge in place["fleetsConnection"]["edges"]] if "fleetsConnection" in place else [place])
    )


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
              <-[:OF]-(d:Deployment {state: 'ACTIVE'})
        MATCH (d)-[:ON]->()-[part:PART_OF*0..1]->(f:Fleet)
        WHERE all(e IN part WHERE e.validTo IS NULL)
        WITH DISTINCT v, a, d, f ORDER BY f.id, d.id LIMIT 100
        RETURN collect({
          fleet: f{.id, .name}, deployment: d{.id}, artifact: a{.id}, version: v{.id}
        }) AS fleetsRunning
        """,
        """query Running($id: ID!) {
          fleetsRunning(trainedOn: $id, includeDerived: false, first: 100) {
            nodes { fleet { id name } deployment { id } artifact { id } version { id } }
          }
        }""",
        """query Running($id: ID!) {
          datasetVersions(where: {id: {eq: $id}}) {
            trainingRuns { checkpoints { promotions { id artifacts { id
              deployments(where: {state: {eq: "ACTIVE"}}) { id on {
                ... on Fleet { id name }
                ... on Cohort {
                  fleetsConnection(where: {edge: {validTo: {eq: null}}}) { edges { node { id name } } }
                }
              } }
            } } } }
          }
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
