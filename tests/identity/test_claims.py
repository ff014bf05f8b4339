"""From claims to actors: what is not said is not granted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.roles import Actor, Role
from forebear.identity.claims import ClaimsMapping
from forebear.identity.errors import Unauthenticated
from forebear.settings import Settings

ISSUER = {"oidc_issuer": "https://login.example", "oidc_audience": "forebear"}


def mapping(**given: Any) -> ClaimsMapping:
    return ClaimsMapping.of(Settings.model_validate(ISSUER | given))


@pytest.mark.parametrize(
    ("settings", "claims", "actor"),
    [
        ({}, {"sub": "ada"}, Actor("ada", frozenset())),
        ({}, {"sub": "ada", "roles": ["VIEWER", "viewer", "owner", 1]}, Actor("ada", frozenset({Role.VIEWER}))),
        ({}, {"sub": "ada", "roles": "APPROVER VIEWER"}, Actor("ada", frozenset({Role.APPROVER, Role.VIEWER}))),
        ({}, {"sub": "ada", "roles": {"VIEWER": True}}, Actor("ada", frozenset())),
        ({"oidc_name_claim": "email"}, {"sub": "1", "email": "ada@x.example"}, Actor("ada@x.example", frozenset())),
        (
            {"oidc_roles_claim": "realm_access.roles"},
            {"sub": "ada", "realm_access": {"roles": ["OPERATOR"]}},
            Actor("ada", frozenset({Role.OPERATOR})),
        ),
        (
            {"oidc_roles_claim": "https://x.example/roles"},
            {"sub": "ada", "https://x.example/roles": ["ADMIN"]},
            Actor("ada", frozenset({Role.ADMIN})),
        ),
        (
            {"oidc_roles": {"board": [Role.APPROVER, Role.VIEWER], "ops": ["OPERATOR"]}},
            {"sub": "ada", "roles": ["board", "ops", "ADMIN"]},
            Actor("ada", frozenset({Role.APPROVER, Role.VIEWER, Role.OPERATOR})),
        ),
        ({"oidc_lines_claim": "lines"}, {"sub": "ada", "lines": ["line:a"]}, Actor("ada", frozenset(), frozenset({"line:a"}))),
        ({"oidc_lines_claim": "lines"}, {"sub": "ada"}, Actor("ada", frozenset(), frozenset())),
        ({"oidc_lines_claim": "lines"}, {"sub": "ada", "lines": ["*"]}, Actor("ada", frozenset(), None)),
        ({"oidc_machine_claim": "idtyp=app"}, {"sub": "ci", "idtyp": "app"}, Actor("ci", frozenset(), machine=True)),
        ({"oidc_machine_claim": "robot=true"}, {"sub": "ci", "robot": True}, Actor("ci", frozenset(), machine=True)),
        ({"oidc_machine_claim": "idtyp=app"}, {"sub": "ada", "idtyp": "user"}, Actor("ada", frozenset())),
    ],
)
def test_claims_say_who_somebody_is(settings: dict[str, Any], claims: dict[str, Any], actor: Actor) -> None:
    assert mapping(**settings).actor(claims) == actor


@pytest.mark.parametrize("claims", [{}, {"sub": ""}, {"sub": 7}, {"sub": None}])
def test_claims_without_a_name_are_nobodys(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as caught:
        mapping().actor(claims)
    assert str(caught.value) == "the token has no claim sub, which would say who its bearer is"


values = st.recursive(
    st.sampled_from([None, True, 1, "", "board", "ADMIN", "*", "line:a", "app", "board ADMIN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["roles", "board"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["roles", "lines", "kind", "a"]), values))
def test_whatever_an_issuer_says_grants_only_what_is_named(claims: dict[str, Any]) -> None:
    given = {"oidc_lines_claim": "lines", "oidc_machine_claim": "kind=app", "oidc_roles": {"board": ["APPROVER"]}}
    actor = mapping(**given).actor({**claims, "sub": "ada"})
    said = claims.get("roles")
    named = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    assert actor.roles == ({Role.APPROVER} if "board" in named else frozenset())
    assert actor.lines is not None or "*" in str(claims["lines"])
