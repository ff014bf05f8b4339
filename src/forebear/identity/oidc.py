"""Tokens of an OpenID Connect issuer: JWTs that it has signed for this service.

PyJWT does the cryptography. This module keeps the keys: the issuer publishes them, changes them, and may be away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from hashlib import sha256
from time import monotonic, time
from typing import Any

import jwt
import structlog
from cachetools import TTLCache

from forebear.domain.roles import Actor
from forebear.identity.claims import ClaimsMapping
from forebear.identity.errors import IssuerUnavailable, Unauthenticated
from forebear.settings import is_trustworthy

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""The accepted signatures. They are asymmetric, so that nobody can pass off a public key as a shared secret."""

SKEW_SECONDS = 60
"""How far the issuer's clock may be from ours."""

FRESH_SECONDS = 900
"""The age at which keys are fetched again."""

REFETCH_SECONDS = 30
"""How long nobody asks the issuer again after a fetch, whatever keys tokens name and whether it answered."""

STALE_SECONDS = 86_400
"""How long keys are used while the issuer cannot be reached."""

CACHED_SECONDS = 10
"""How long a checked token is not checked again."""

MOST_CACHED = 10_000
FETCH_SECONDS = 5

_log = structlog.get_logger(__name__)
_jwt = jwt.PyJWT({"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True})


class Issuer:
    """An issuer whose tokens for one audience are accepted. `clock` counts seconds."""

    def __init__(self, issuer: str, audience: str, claims: ClaimsMapping, clock: Callable[[], float] = monotonic) -> None:
        self._issuer = issuer
        self._audience = audience
        self._claims = claims
        self._keys = Keys(issuer, clock)
        self._known: TTLCache[bytes, tuple[float, Actor]] = TTLCache(MOST_CACHED, CACHED_SECONDS, timer=clock)

    async def actor(self, token: str) -> Actor:
        """Return the actor of a token. Raises `Unauthenticated`, and `IssuerUnavailable` if it cannot be checked."""
        digest = sha256(token.encode()).digest()
        if cached := self._known.get(digest):
            expires, actor = cached
            if time() < expires:
                return actor
        claims = await self._check(token)
        actor = self._claims.actor(claims)
        self._known[digest] = float(claims["exp"]), actor
        return actor

    async def settle(self) -> None:
        """Wait for keys that are being fetched."""
        await self._keys.settle()

    async def _check(self, token: str) -> Mapping[str, Any]:
        try:
            unverified = jwt.decode_complete(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, RecursionError):
            raise Unauthenticated("the token is malformed: it is neither an API token nor a JWT") from None
        header, issuer = unverified["header"], unverified["payload"].get("iss")
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise Unauthenticated(f"the token is signed with {algorithm!r}, which is not accepted")
        if issuer != self._issuer:
            raise Unauthenticated(f"the token is of another issuer, {issuer!r}")
        published = await self._keys.get(header.get("kid"))
        try:
            key = jwt.PyJWK(published, published.get("alg") or algorithm)
            return _jwt.decode(
                token, key, algorithms=ALGORITHMS, audience=self._audience, issuer=self._issuer, leeway=SKEW_SECONDS
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired") from None
        except jwt.ImmatureSignatureError:
            raise Unauthenticated("the token is not valid yet") from None
        except jwt.InvalidAudienceError:
            raise Unauthenticated(f"the token is for another audience than {self._audience!r}") from None
        except jwt.MissingRequiredClaimError as error:
            raise Unauthenticated(f"the token has no claim {error.claim}") from None
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError, jwt.PyJWKError):
            raise Unauthenticated("the token is not signed by its issuer's key: it was altered, or forged") from None
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"the token is malformed: {error}") from None


class Keys:
    """The keys that an issuer publishes, fetched when needed."""

    def __init__(self, issuer: str, clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: Mapping[str | None, dict[str, Any]] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def get(self, id: str | None) -> dict[str, Any]:
        """Return the key that a token names, or the only one. Raises `Unauthenticated` and `IssuerUnavailable`."""
        if not self._within(FRESH_SECONDS, self._fetched):
            self._fetch()
        if self._find(id) is None or not self._within(STALE_SECONDS, self._fetched):
            self._fetch()
            await self.settle()
        if not self._within(STALE_SECONDS, self._fetched):
            raise IssuerUnavailable(f"the keys of {self._issuer} cannot be fetched, so that its tokens cannot be checked now")
        key = self._find(id)
        if key is None:
            raise Unauthenticated(
                "the token does not name the key that it is signed with"
                if id is None
                else "the token is signed with a key that its issuer does not publish"
            )
        return key

    async def settle(self) -> None:
        """Wait for a running fetch. It goes on if the caller stops waiting."""
        if self._fetching is not None:
            await asyncio.shield(self._fetching)

    def _find(self, id: str | None) -> dict[str, Any] | None:
        if id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(id)

    def _within(self, seconds: float, moment: float | None) -> bool:
        return moment is not None and self._clock() - moment < seconds

    def _fetch(self) -> None:
        """Begin to fetch the keys, unless that was tried a moment ago. A caller that has a key does not wait for it."""
        if not self._within(REFETCH_SECONDS, self._tried):
            self._tried = self._clock()
            self._fetching = asyncio.create_task(self._fetched_at(self._tried))

    async def _fetched_at(self, now: float) -> None:
        import httpx

        try:
            async with httpx.AsyncClient(timeout=FETCH_SECONDS) as client:
                discovered = await _json(client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if discovered.get("issuer") != self._issuer:
                    raise ValueError(f"it says that it is {discovered.get('issuer')!r}")
                address = discovered.get("jwks_uri")
                if not isinstance(address, str) or not is_trustworthy(address):
                    raise ValueError(f"its keys are at {address!r}, which is no https:// URL")
                published = (await _json(client, address)).get("keys")
            listed = published if isinstance(published, list) else ()
            signing = [key for key in listed if isinstance(key, dict) and key.get("use", "sig") == "sig"]
            if not signing:
                raise ValueError("it publishes no key")
        except (httpx.HTTPError, ValueError) as error:
            reason = str(error) or type(error).__name__
            _log.warning("the issuer's keys cannot be fetched", issuer=self._issuer, reason=reason)
            return
        self._keys = {key.get("kid"): key for key in signing}
        self._fetched = now


async def _json(client: Any, address: str) -> dict[str, Any]:
    """Return the JSON object at an address. Raises `httpx.HTTPError` and `ValueError`."""
    response = await client.get(address)
    response.raise_for_status()
    document = response.json()
    if not isinstance(document, dict):
        raise ValueError(f"{address} answers no JSON object")
    return document
