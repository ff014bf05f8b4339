"""Remedies of a refusal: who can do what, and the command to paste."""

from __future__ import annotations

import re
import shlex

from forebear.domain.roles import Role


def kebab(name: str) -> str:
    """Return a name with hyphens: `attachEvidence` → `attach-evidence`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def command_name(verb: str) -> str:
    """Return the name of an action's command. `restore` is `restore-release`, since `forebear restore` restores a database."""
    return "restore-release" if verb == "restore" else kebab(verb)


def whoever(does: str, verb: str, role: Role, subject: str, **options: str) -> str:
    """Return who may do an action, and its command: `an APPROVER can restore it: forebear restore-release …`."""
    words = [command_name(verb), subject]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", value]
    return f"an {role} can {does}: forebear {shlex.join(words)}"
