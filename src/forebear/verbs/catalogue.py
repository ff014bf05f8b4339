"""All verbs, in the order in which mutations, commands and permissions are listed."""

from __future__ import annotations

from typing import Any

from forebear.verbs.artifact import DeleteArtifact, QuarantineArtifact, RegisterArtifact
from forebear.verbs.attribution import Attribute
from forebear.verbs.candidate import RegisterCandidate
from forebear.verbs.correction import Correct
from forebear.verbs.decommissioning import Decommission, Recommission
from forebear.verbs.deployment import ReportDeployment, RequestDeployment
from forebear.verbs.evaluation import Evaluate
from forebear.verbs.evidence import AttachEvidence
from forebear.verbs.incident import DismissIncident, EscalateIncident, ReopenIncident, ReportIncident, ResolveIncident
from forebear.verbs.installation import ReportInstallation
from forebear.verbs.maintenance import ReportMaintenance
from forebear.verbs.model import Annotate, NameModel, RegisterVersion, SetAlias, SetStage
from forebear.verbs.policy import AdoptPolicy
from forebear.verbs.recall import EndRecall, ExecuteRecall, ExtendRecall
from forebear.verbs.recall_item import ExcuseRecallItem
from forebear.verbs.release import Approve, Archive, Deprecate, Override, Reject, Restore, WithdrawApproval
from forebear.verbs.rollback import RollBack
from forebear.verbs.sighting import ReportSightings
from forebear.verbs.stop import RequestStop
from forebear.verbs.verb import Verb

VERBS: tuple[type[Verb[Any]], ...] = (
    RegisterCandidate, AttachEvidence, AdoptPolicy, Evaluate, Approve, Reject, WithdrawApproval, Deprecate, Archive, Restore,
    Override, Correct, RegisterArtifact, QuarantineArtifact, DeleteArtifact, RequestDeployment, ReportDeployment,
    ReportInstallation, ReportSightings, RollBack, RequestStop, Decommission, Recommission, ReportIncident, EscalateIncident,
    ResolveIncident, ReopenIncident, DismissIncident, ReportMaintenance, Attribute, ExecuteRecall, ExtendRecall, EndRecall,
    ExcuseRecallItem, NameModel, Annotate, RegisterVersion, SetAlias, SetStage,
)  # fmt: skip
"""Every verb."""

ACTIONS = tuple(verb.action for verb in VERBS)
"""The declarations of all verbs."""
