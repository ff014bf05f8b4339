"""What can be done about a refusal: who may do it, and the command to paste."""

from __future__ import annotations

import re
import shlex

from forebear.domain.roles import Role


def kebab(name: str) -> str:
    """`attachEvidence` as `attach-evidence`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def command_name(verb: str) -> str:
    """The name of an action's command; `forebear restore` restores a database."""
    return "restore-release" if verb == "restore" else kebab(verb)


def whoever(does: str, verb: str, role: Role, subject: str, **options: str) -> str:
    """Who may do an action, and its command for a subject: `an APPROVER can restore it: forebear restore-release …`."""
    words = [command_name(verb), subject]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", value]
    return f"an {role} can {does}: forebear {shlex.join(words)}"
