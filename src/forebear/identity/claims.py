"""From an issuer's claims about somebody to an actor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.domain.roles import Actor, Role
from forebear.identity.errors import Unauthenticated
from forebear.settings import Settings

EVERY_LINE = "*"
"""All lines, in the claim that lists release lines."""


@dataclass(frozen=True)
class ClaimsMapping:
    """The names of the claims that matter, from the settings."""

    name: str
    roles: str
    given_by: Mapping[str, Sequence[Role]] | None
    lines: str | None
    machine: tuple[str, str] | None

    @classmethod
    def of(cls, settings: Settings) -> ClaimsMapping:
        """Return the mapping that the settings describe."""
        name, _, value = (settings.oidc_machine_claim or "").partition("=")
        return cls(
            settings.oidc_name_claim,
            settings.oidc_roles_claim,
            settings.oidc_roles,
            settings.oidc_lines_claim,
            (name, value) if name else None,
        )

    def actor(self, claims: Mapping[str, Any]) -> Actor:
        """Return the actor of some claims. Raises `Unauthenticated` if they give no name.

        What they leave out is not granted: no known role means no role. If a claim limits the lines and it is missing, there is
        no line.
        """
        name = _claim(claims, self.name)
        if not isinstance(name, str) or not name:
            raise Unauthenticated(f"the token has no claim {self.name}, which would say who its bearer is")
        lines = None
        if self.lines is not None:
            listed = frozenset(_texts(_claim(claims, self.lines)))
            lines = None if EVERY_LINE in listed else listed
        is_machine = self.machine is not None and self.machine[1] in _texts(_claim(claims, self.machine[0]))
        return Actor(name, frozenset(self._roles(_texts(_claim(claims, self.roles)))), lines, is_machine)

    def _roles(self, values: Sequence[str]) -> list[Role]:
        if self.given_by is not None:
            return [role for value in values for role in self.given_by.get(value, ())]
        return [Role[value] for value in values if value in Role.__members__]


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or a member of one. Some issuers put roles into an object, others have dots in names."""
    if name in claims:
        return claims[name]
    first, _, rest = name.partition(".")
    inner = claims.get(first)
    return _claim(inner, rest) if rest and isinstance(inner, Mapping) else None


def _texts(value: Any) -> list[str]:
    """Return a claim's texts: a list, or one text with spaces between them, as OAuth writes scopes."""
    if isinstance(value, str):
        return value.split()
    if isinstance(value, bool):
        return [str(value).lower()]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
