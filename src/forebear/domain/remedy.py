"""Remedies of a refusal: who can do what, and the command to paste."""

from __future__ import annotations

import re
import shlex

from forebear.domain.roles import Role


def kebab(name: str) -> str:
    """Return a name with hyphens: `attachEvidence` → `attach-evidence`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


OTHER_COMMANDS = {
    "restore": "restore-release",
    "recall": "recall execute",
    "endRecall": "recall end",
    "excuseRecallItem": "recall excuse",
}
"""The commands of actions that are not called as the action: `forebear restore` restores a database, and `forebear recall` has
commands of its own."""


def command_name(verb: str) -> str:
    """Return the name of an action's command: its own, unless another command has that name."""
    return OTHER_COMMANDS.get(verb, kebab(verb))


def whoever(does: str, verb: str, role: Role, subject: str, **options: str) -> str:
    """Return who may do an action, and its command: `an APPROVER can restore it: forebear restore-release …`."""
    words = [*command_name(verb).split(), subject]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", value]
    return f"an {role} can {does}: forebear {shlex.join(words)}"
