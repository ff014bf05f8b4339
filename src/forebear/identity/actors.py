"""The actors that prove nothing: whoever can reach a service without authentication, or run a command on this machine."""

from __future__ import annotations

import getpass

from forebear.domain.roles import Actor, Role

DEVELOPMENT = Actor("development", frozenset(Role))
"""Who acts where nobody has to authenticate."""


def operating_system_user() -> Actor:
    """The user whose process this is. It can reach the database itself, so that no role is kept from it."""
    try:
        return Actor(getpass.getuser(), frozenset(Role))
    except (OSError, KeyError):  # an id without a name, as in some containers
        return DEVELOPMENT
