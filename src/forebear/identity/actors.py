"""Actors without proof: whoever reaches a service without authentication, or runs a command on this machine."""

from __future__ import annotations

import getpass

from forebear.domain.roles import Actor, Role

DEVELOPMENT = Actor("development", frozenset(Role))
"""The actor if nobody has to authenticate."""


def operating_system_user() -> Actor:
    """Return the user of this process. It can reach the database itself, so it has every role."""
    try:
        return Actor(getpass.getuser(), frozenset(Role))
    except (OSError, KeyError):  # an id without a name, as in some containers
        return DEVELOPMENT
