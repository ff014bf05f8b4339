"""All actions, and all questions whose answer is a decision."""

from __future__ import annotations

from forebear.actions import (
    artifact,
    candidate,
    correction,
    decommissioning,
    deployment,
    evaluation,
    evidence,
    installation,
    policy,
    release,
    rollback,
)

ACTIONS = (
    *candidate.ACTIONS,
    *evidence.ACTIONS,
    *policy.ACTIONS,
    *evaluation.ACTIONS,
    *release.ACTIONS,
    *correction.ACTIONS,
    *artifact.ACTIONS,
    *deployment.ACTIONS,
    *installation.ACTIONS,
    *rollback.ACTIONS,
    *decommissioning.ACTIONS,
)
"""Every verb, in the order in which mutations and commands are listed."""

INQUIRIES = (
    *policy.INQUIRIES,
    *release.INQUIRIES,
    *artifact.INQUIRIES,
    *deployment.INQUIRIES,
    *rollback.INQUIRIES,
)
"""Every question whose answer is a decision."""
