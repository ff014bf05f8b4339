"""Who asks: from a request's Authorization header to an actor."""

from __future__ import annotations

from forebear.domain.roles import Actor
from forebear.identity.actors import DEVELOPMENT
from forebear.identity.claims import ClaimsMapping
from forebear.identity.errors import Unauthenticated
from forebear.identity.oidc import Issuer
from forebear.identity.tokens import PREFIX, Tokens
from forebear.settings import Settings


class Authentication:
    """How a service finds out who asks."""

    def __init__(self, tokens: Tokens, issuer: Issuer | None = None, *, required: bool = False) -> None:
        self.required = required
        self._tokens = tokens
        self._issuer = issuer

    @classmethod
    def of(cls, tokens: Tokens, settings: Settings) -> Authentication:
        """Return the authentication that the settings describe."""
        issuer = None
        if settings.oidc_issuer and settings.oidc_audience:
            issuer = Issuer(settings.oidc_issuer, settings.oidc_audience, ClaimsMapping.of(settings))
        return cls(tokens, issuer, required=settings.authenticates)

    async def actor(self, authorization: str | None) -> Actor:
        """Return who sent an Authorization header, or none.

        If nobody has to authenticate, that is the development actor. But a token that is sent is checked, and its owner acts.
        Raises `Unauthenticated`, `IssuerUnavailable` and `StoreError`.
        """
        if authorization is None:
            if self.required:
                raise Unauthenticated("a token is needed: send it as `Authorization: Bearer …`", presented=False)
            return DEVELOPMENT
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("the Authorization header is not understood: send a token as `Authorization: Bearer …`")
        if token.startswith(PREFIX) or self._issuer is None:
            return await self._tokens.actor(token)
        return await self._issuer.actor(token)
