"""From what an issuer says of somebody to whom that is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forebear.domain.roles import Actor, Role
from forebear.identity.errors import Unauthenticated
from forebear.settings import Settings

EVERY_LINE = "*"
"""In the claim that lists release lines: all of them."""


@dataclass(frozen=True)
class ClaimsMapping:
    """Which claims say what, as the settings have it."""

    name: str
    roles: str
    given_by: Mapping[str, Sequence[Role]] | None
    lines: str | None
    machine: tuple[str, str] | None

    @classmethod
    def of(cls, settings: Settings) -> ClaimsMapping:
        """The mapping that the settings describe."""
        name, _, value = (settings.oidc_machine_claim or "").partition("=")
        return cls(
            settings.oidc_name_claim,
            settings.oidc_roles_claim,
            settings.oidc_roles,
            settings.oidc_lines_claim,
            (name, value) if name else None,
        )

    def actor(self, claims: Mapping[str, Any]) -> Actor:
        """Whom some claims are about. Raises `Unauthenticated` where they give no name.

        What they do not say is not granted: without a known role there is none, and where a claim limits the lines and is
        missing, there is no line.
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
    """A claim by its name, or a member of one: some issuers put roles into an object, others have dots in claims' names."""
    if name in claims:
        return claims[name]
    first, _, rest = name.partition(".")
    inner = claims.get(first)
    return _claim(inner, rest) if rest and isinstance(inner, Mapping) else None


def _texts(value: Any) -> list[str]:
    """A claim's texts: a list of them, or one text with spaces between them, as OAuth writes scopes."""
    if isinstance(value, str):
        return value.split()
    if isinstance(value, bool):
        return [str(value).lower()]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
