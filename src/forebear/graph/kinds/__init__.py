"""The kinds of nodes and edges of a model registry: the one declaration that drives everything.

Edges point from a thing to what it came from, rests on or belongs to.
"""

from __future__ import annotations

from forebear.graph.declaration import Graph
from forebear.graph.kinds.data import CurationRuleset, Dataset, DatasetVersion
from forebear.graph.kinds.fleet import Cohort, Customer, Decommissioning, Deployment, Fleet, Installation, Robot, Site, Stop
from forebear.graph.kinds.incident import Attribution, Incident, MaintenanceEvent
from forebear.graph.kinds.job import Job, JobRun
from forebear.graph.kinds.model import Model, ModelVersion
from forebear.graph.kinds.recall import Recall
from forebear.graph.kinds.release import (
    Artifact,
    Decision,
    EvaluationPack,
    Evidence,
    HardwareTarget,
    Release,
    ReleaseLine,
    ReleasePolicy,
)
from forebear.graph.kinds.training import Checkpoint, CodeVersion, ComputeProfile, Experiment, Run, SoftwareEnvironment

GRAPH = Graph(
    (
        Dataset, DatasetVersion, CurationRuleset, Job, JobRun, CodeVersion, SoftwareEnvironment, ComputeProfile, Experiment,
        Run, Checkpoint, Model, ModelVersion, HardwareTarget, ReleaseLine, Release, EvaluationPack, Evidence, ReleasePolicy,
        Decision, Artifact, Customer, Site, Fleet, Cohort, Robot, Decommissioning, Deployment, Stop, Installation,
        Incident, MaintenanceEvent, Attribution, Recall,
    )
)  # fmt: skip
"""The graph of a model registry."""
