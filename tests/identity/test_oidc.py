"""Tokens of an OpenID Connect issuer: which are accepted, and how its keys are fetched."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from forebear.domain.roles import Actor, Role
from forebear.identity.claims import ClaimsMapping
from forebear.identity.errors import IssuerUnavailable, Unauthenticated
from forebear.identity.oidc import CACHED_SECONDS, FRESH_SECONDS, REFETCH_SECONDS, SKEW_SECONDS, STALE_SECONDS
from forebear.identity.oidc import Issuer as Accepted
from forebear.settings import Settings
from tests.identity import issuer as oidc
from tests.identity.clock import Clock
from tests.identity.issuer import AUDIENCE, Issuer, public, rsa_key

ADA = Actor("ada", frozenset({Role.VIEWER}))
NEXT_CENTURY = 4_102_444_800
"""Seconds since 1970: so far off that no run of the tests lasts until then."""


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture(scope="module")
def other() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture
def issuer(key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with oidc.running(key) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accepted(issuer: Issuer, clock: Clock) -> Accepted:
    settings = Settings.model_validate({"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE})
    return Accepted(issuer.url, AUDIENCE, ClaimsMapping.of(settings), clock)


async def refused(accepted: Accepted, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await accepted.actor(token)
    return str(caught.value)


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token without a signature."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return f"{'.'.join(parts)}."


# ── which tokens ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_of_the_issuer_is_accepted(issuer: Issuer, accepted: Accepted) -> None:
    assert await accepted.actor(issuer.token()) == ADA
    assert await accepted.actor(issuer.token(aud=["another", AUDIENCE])) == ADA
    assert issuer.fetches == 1


@pytest.mark.parametrize("algorithm", ["PS256", "RS512"])
async def test_a_key_that_names_no_algorithm_signs_with_any_of_its_kind(
    issuer: Issuer, accepted: Accepted, algorithm: str
) -> None:
    issuer.published = [public(issuer.key, kid="1")]
    assert await accepted.actor(issuer.token(algorithm=algorithm)) == ADA


@pytest.mark.parametrize(
    ("key", "algorithm"), [(ec.generate_private_key(ec.SECP256R1()), "ES256"), (ed25519.Ed25519PrivateKey.generate(), "EdDSA")]
)
async def test_keys_of_other_kinds_are_accepted(issuer: Issuer, accepted: Accepted, key: Any, algorithm: str) -> None:
    issuer.published.append(public(key, kid="2"))
    assert await accepted.actor(issuer.token(key, algorithm, "2")) == ADA


async def test_clocks_may_differ_a_little(issuer: Issuer, accepted: Accepted) -> None:
    now = int(time.time())
    assert await accepted.actor(issuer.token(exp=now - SKEW_SECONDS + 20)) == ADA
    assert await accepted.actor(issuer.token(nbf=now + SKEW_SECONDS - 20, iat=now + SKEW_SECONDS - 20)) == ADA


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"exp": time.time() - SKEW_SECONDS - 1}, "the token has expired"),
        ({"nbf": NEXT_CENTURY}, "the token is not valid yet"),
        ({"iat": NEXT_CENTURY}, "the token is not valid yet"),
        ({"exp": None}, "the token has no claim exp"),
        ({"aud": "another"}, "the token is for another audience than 'forebear'"),
        ({"aud": None}, "the token has no claim aud"),
        ({"iss": "https://login.example"}, "the token is of another issuer, 'https://login.example'"),
        ({"iss": None}, "the token is of another issuer, None"),
        ({"sub": None}, "the token has no claim sub, which would say who its bearer is"),
    ],
)
async def test_a_token_whose_claims_do_not_fit_is_refused(
    issuer: Issuer, accepted: Accepted, changed: dict[str, Any], says: str
) -> None:
    assert await refused(accepted, issuer.token(**changed)) == says


async def test_an_altered_token_is_refused(issuer: Issuer, accepted: Accepted) -> None:
    header, _, signature = issuer.token().split(".")
    _, payload, _ = issuer.token(roles=["ADMIN"]).split(".")
    forged = "the token is not signed by its issuer's key: it was altered, or forged"
    assert await refused(accepted, f"{header}.{payload}.{signature}") == forged
    altered = ("A" if signature[0] != "A" else "B") + signature[1:]
    _, payload, _ = issuer.token().split(".")
    assert await refused(accepted, f"{header}.{payload}.{altered}") == forged


async def test_a_token_that_another_key_signed_is_refused(issuer: Issuer, accepted: Accepted, other: rsa.RSAPrivateKey) -> None:
    assert await refused(accepted, issuer.token(other)) == (
        "the token is not signed by its issuer's key: it was altered, or forged"
    )


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", None])
async def test_an_unsigned_token_is_refused(issuer: Issuer, accepted: Accepted, alg: str | None) -> None:
    token = unsigned({"alg": alg, "typ": "JWT", "kid": "1"}, issuer.claims(roles=["ADMIN"]))
    assert await refused(accepted, token) == f"the token is signed with {alg!r}, which is not accepted"


async def test_a_public_key_is_never_taken_for_a_secret(issuer: Issuer, accepted: Accepted) -> None:
    pem = issuer.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    # PyJWT will not sign so; whoever attacks has their own tools.
    head, _, _ = unsigned({"alg": "HS256", "typ": "JWT", "kid": "1"}, issuer.claims(roles=["ADMIN"])).rpartition(".")
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(head.encode(), pem)
    token = f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert await refused(accepted, token) == "the token is signed with 'HS256', which is not accepted"


async def test_a_published_secret_signs_nothing(issuer: Issuer, accepted: Accepted) -> None:
    secret = "0" * 64
    encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    issuer.published.append({"kty": "oct", "k": encoded, "kid": "2"})
    token = issuer.token(secret, "HS256", "2")
    assert await refused(accepted, token) == "the token is signed with 'HS256', which is not accepted"


async def test_a_key_signs_with_no_other_algorithm_than_it_names(issuer: Issuer, accepted: Accepted) -> None:
    assert await refused(accepted, issuer.token(algorithm="RS512")) == (
        "the token is not signed by its issuer's key: it was altered, or forged"
    )


async def test_a_key_for_encryption_signs_nothing(issuer: Issuer, accepted: Accepted, other: rsa.RSAPrivateKey) -> None:
    issuer.published.append(public(other, kid="2", use="enc"))
    assert await refused(accepted, issuer.token(other, kid="2")) == (
        "the token is signed with a key that its issuer does not publish"
    )


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_short_key_signs_nothing(issuer: Issuer, accepted: Accepted) -> None:
    short = rsa_key(1024)
    issuer.published.append(public(short, kid="2"))
    assert await refused(accepted, issuer.token(short, kid="2")) == (
        "the token is not signed by its issuer's key: it was altered, or forged"
    )


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "é.é.é", unsigned({}, {}), unsigned({"alg": 1}, {}) + "AA"])
async def test_what_is_no_jwt_is_refused(accepted: Accepted, token: str) -> None:
    said = await refused(accepted, token)
    assert said.startswith(("the token is malformed: ", "the token is signed with "))


async def test_a_token_that_is_nested_without_end_is_refused(accepted: Accepted) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"RS256"}').rstrip(b"=").decode()
    body = base64.urlsafe_b64encode(b"[" * 30_000).rstrip(b"=").decode()
    assert await refused(accepted, f"{head}.{body}.AA") == "the token is malformed: it is neither an API token nor a JWT"


async def test_a_token_that_was_checked_is_believed_for_a_moment_but_not_longer_than_it_lives(
    issuer: Issuer, accepted: Accepted, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, checks = issuer.token(), 0
    decode = jwt.decode_complete

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal checks
        checks += 1
        return decode(*arguments, **named)

    monkeypatch.setattr(jwt, "decode_complete", counted)
    for seconds, expected in ((0, 1), (CACHED_SECONDS - 1, 1), (1, 2)):
        clock.seconds += seconds
        assert await accepted.actor(token) == ADA
        assert checks == expected

    monkeypatch.setattr("forebear.identity.oidc.time", lambda: time.time() + 601)
    assert await accepted.actor(token) == ADA
    assert checks == 3


# ── which keys ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_key_is_fetched_when_a_token_names_it(
    issuer: Issuer, accepted: Accepted, clock: Clock, other: rsa.RSAPrivateKey
) -> None:
    assert await accepted.actor(issuer.token()) == ADA
    issuer.published = [public(other, kid="2")]
    clock.seconds += REFETCH_SECONDS
    assert await accepted.actor(issuer.token(other, kid="2", sub="bob")) == Actor("bob", frozenset({Role.VIEWER}))
    assert issuer.fetches == 2
    assert await refused(accepted, issuer.token(sub="eve")) == "the token is signed with a key that its issuer does not publish"


async def test_made_up_keys_do_not_make_us_ask_the_issuer_again_and_again(
    issuer: Issuer, accepted: Accepted, clock: Clock
) -> None:
    unknown = "the token is signed with a key that its issuer does not publish"
    for i in range(20):
        assert await refused(accepted, issuer.token(kid=f"made up {i}")) == unknown
        clock.seconds += 1
    assert issuer.fetches == 1
    clock.seconds += REFETCH_SECONDS
    assert await refused(accepted, issuer.token(kid="made up")) == unknown
    assert issuer.fetches == 2


async def test_a_token_need_not_name_the_only_key(
    issuer: Issuer, accepted: Accepted, clock: Clock, other: rsa.RSAPrivateKey
) -> None:
    assert await accepted.actor(issuer.token(kid=None)) == ADA
    issuer.published.append(public(other, kid="2"))
    clock.seconds += FRESH_SECONDS
    await accepted.actor(issuer.token())
    await accepted.settle()
    assert (
        await refused(accepted, issuer.token(kid=None, sub="bob")) == "the token does not name the key that it is signed with"
    )


async def test_keys_are_used_while_the_issuer_is_away_but_not_for_ever(
    issuer: Issuer, accepted: Accepted, clock: Clock
) -> None:
    assert await accepted.actor(issuer.token()) == ADA
    issuer.away = True
    for seconds in (FRESH_SECONDS, STALE_SECONDS - FRESH_SECONDS - 1):
        clock.seconds += seconds
        assert await accepted.actor(issuer.token()) == ADA
        await accepted.settle()
    clock.seconds += 1 + CACHED_SECONDS
    with pytest.raises(IssuerUnavailable) as caught:
        await accepted.actor(issuer.token())
    assert str(caught.value) == f"the keys of {issuer.url} cannot be fetched, so that its tokens cannot be checked now"

    issuer.away = False
    clock.seconds += REFETCH_SECONDS - CACHED_SECONDS - 2
    with pytest.raises(IssuerUnavailable):
        await accepted.actor(issuer.token())
    clock.seconds += 1
    assert await accepted.actor(issuer.token()) == ADA


async def test_a_retired_key_is_not_accepted_longer_than_keys_are_fresh(
    issuer: Issuer, accepted: Accepted, clock: Clock, other: rsa.RSAPrivateKey
) -> None:
    assert await accepted.actor(issuer.token()) == ADA
    issuer.published = [public(other, kid="2")]
    clock.seconds += FRESH_SECONDS
    await accepted.actor(issuer.token())
    await accepted.settle()
    clock.seconds += CACHED_SECONDS
    assert await refused(accepted, issuer.token()) == "the token is signed with a key that its issuer does not publish"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://login.example"},
        {"jwks_uri": "http://login.example/keys"},
        {"jwks_uri": None},
    ],
)
async def test_an_issuer_that_is_not_what_it_should_be_is_not_believed(
    issuer: Issuer, accepted: Accepted, wrong: dict[str, Any]
) -> None:
    issuer.discovered |= wrong
    with pytest.raises(IssuerUnavailable):
        await accepted.actor(issuer.token())
    assert issuer.fetches == 0


@pytest.mark.parametrize("published", [[], ["x"], None, 5, {"keys": 1}])
async def test_an_issuer_without_keys_is_as_good_as_away(issuer: Issuer, accepted: Accepted, published: Any) -> None:
    issuer.published = published
    with pytest.raises(IssuerUnavailable):
        await accepted.actor(issuer.token())
