"""Who asks, at every door, and what each role may do there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)

from forebear.app import Forebear, schema_of
from forebear.cli.registry import Local, Remote
from forebear.cli.terminal import Code, Failure
from forebear.domain.roles import Actor, Role
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT, operating_system_user
from forebear.identity.tokens import CreatedToken
from forebear.store import Store
from forebear.store.errors import EngineUnavailable
from forebear.store.statements import questions
from forebear.verbs.governed import NAMES
from forebear.verbs.permissions import PERMISSIONS, refusal
from tests import engines
from tests.identity import issuer as oidc
from tests.identity.issuer import AUDIENCE, rsa_key
from tests.record.asking import serving

MODERN = "application/graphql-response+json"
NDJSON = "application/x-ndjson"
FACT = {"kind": "Dataset", "id": "dataset:a"}
RECORD = 'mutation { record(facts: [{ dataset: { id: "dataset:a" } }]) { __typename ... on Refused { reasons { code } } } }'


@pytest.fixture
async def registry(store: Store, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Forebear]:
    """A registry that nobody reads without a token, on each engine."""
    settings = engines.settings(tmp_path_factory.getbasetemp(), require_authentication=True)
    registry = await Forebear.on(store, GRAPH, settings)
    yield registry
    await registry.tokens.close()


@pytest.fixture
async def client(registry: Forebear) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(registry) as client:
        yield client


async def token(registry: Forebear, *roles: Role, name: str = "ada", **given: Any) -> str:
    created = await registry.tokens.create(DEVELOPMENT, name, roles, **given)
    assert isinstance(created, CreatedToken)
    return created.secret


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def ask(client: httpx.AsyncClient, query: str, headers: Mapping[str, str], **variables: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


# ── who asks ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "challenge", "says"),
    [
        ({}, "", "a token is needed: send it as `Authorization: Bearer …`"),
        (
            {"Authorization": "Basic YWRhOnNlY3JldA=="},
            ', error="invalid_token"',
            "the Authorization header is not understood: send a token as `Authorization: Bearer …`",
        ),
        (
            {"Authorization": "Bearer"},
            ', error="invalid_token"',
            "the Authorization header is not understood: send a token as `Authorization: Bearer …`",
        ),
        (
            bearer("eyJhbGciOiJub25lIn0.e30."),
            ', error="invalid_token"',
            "the token is malformed: it should be forebear_ and 64 hexadecimal digits",
        ),
        (bearer("forebear_" + "0" * 64), ', error="invalid_token"', "the token is not known"),
    ],
)
async def test_who_shows_no_good_token_is_told_so_at_every_door(
    client: httpx.AsyncClient, headers: dict[str, str], challenge: str, says: str
) -> None:
    for answer in (
        await client.post("/graphql", json={"query": "{ models { totalCount } }"}, headers=headers),
        await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers | {"Accept": MODERN}),
        await client.get("/graphql", params={"query": "{ me { name } }"}, headers=headers),
        await client.post("/facts", json=[FACT], headers=headers),
        await client.post("/facts", content=json.dumps(FACT), headers=headers | {"Content-Type": NDJSON}),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == f'Bearer realm="forebear"{challenge}'
        assert answer.json() == {"errors": [{"message": says, "extensions": {"code": "UNAUTHENTICATED"}}]}


async def test_a_token_for_one_connector_opens_its_doors_alone(client: httpx.AsyncClient, registry: Forebear) -> None:
    feeder = bearer(await token(registry, *Role, name="warehouse", connector="facts"))
    assert (await client.post("/facts", json=[FACT], headers=feeder)).status_code == 200
    for path, refused in (
        ("/graphql", await ask(client, "{ me { name } }", feeder)),
        ("/graphql", await client.get("/graphql", params={"query": "{ me { name } }"}, headers=feeder)),
        ("/export", await client.get("/export", headers=feeder)),
        ("/audit", await client.get("/audit", headers=feeder)),
        ("/audit/nodes", await client.get("/audit/nodes", headers=feeder)),
        ("/audit/heads", await client.post("/audit/heads", headers=feeder)),
    ):
        assert refused.status_code == 403
        says = f"the token of warehouse is for the connector facts, and {path} is none of its doors"
        assert refused.json() == {
            "errors": [
                {
                    "message": f"{says}: use a token that was made without a connector",
                    "extensions": {"code": "FORBIDDEN"},
                }
            ]
        }


async def test_a_token_that_was_revoked_opens_no_door(client: httpx.AsyncClient, registry: Forebear) -> None:
    admin, mine = bearer(await token(registry, Role.ADMIN, name="root")), bearer(await token(registry, Role.ENGINEER))
    assert (await client.post("/facts", json=[FACT], headers=mine)).status_code == 200
    revoke = "mutation($t: String!) { revokeToken(token: $t) { ... on TokensRevoked { tokens { name revokedBy } } } }"
    assert (await ask(client, revoke, admin, t="ada")).json() == {
        "data": {"revokeToken": {"tokens": [{"name": "ada", "revokedBy": "root"}]}}
    }
    for answer in (
        await ask(client, "{ me { name } }", mine),
        await client.post("/facts", json=[FACT], headers=mine),
    ):
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["message"].startswith("the token was revoked at ")


async def test_what_needs_no_token_is_open(client: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/schema.graphql", "/schema/cypher/drift", "/schema/question/drift"):
        assert (await client.get(path)).status_code == 200
    # A Neo4j that has just started may still be planning.
    assert (await client.get("/readyz")).status_code in (200, 503)
    page = await client.get("/graphql", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (307, "/")


async def test_without_required_authentication_a_token_still_says_who_acts(store: Store) -> None:
    registry = await Forebear.on(store)
    mine = bearer(await token(registry, Role.RECORDER, name="telemetry", lines=["line:a"], machine=True))
    who = "{ me { name roles lines machine may } }"
    async with serving(registry) as client:
        assert (await ask(client, "{ me { name } }", {})).json()["data"] == {"me": {"name": "development"}}
        assert (await ask(client, who, mine)).json()["data"] == {
            "me": {
                "name": "telemetry",
                "roles": ["RECORDER"],
                "lines": ["line:a"],
                "machine": True,
                "may": [verb for verb, roles in PERMISSIONS.items() if Role.RECORDER in roles],
            }
        }
        assert (await ask(client, who, bearer("forebear_" + "0" * 64))).status_code == 401
    await registry.tokens.close()


async def test_what_is_recorded_is_recorded_by_who_asked(client: httpx.AsyncClient, registry: Forebear) -> None:
    mine = bearer(await token(registry, Role.ENGINEER))
    await client.post("/facts", json=[{"kind": "Dataset", "id": "dataset:array"}], headers=mine)
    line = json.dumps({"kind": "Dataset", "id": "dataset:stream"})
    await client.post("/facts", content=line, headers=mine | {"Content-Type": NDJSON})
    await ask(client, RECORD, mine)
    asked = "{ datasets(orderBy: {field: id}) { nodes { id recordedBy } } }"
    assert (await ask(client, asked, mine)).json()["data"]["datasets"]["nodes"] == [
        {"id": f"dataset:{name}", "recordedBy": "ada"} for name in ("a", "array", "stream")
    ]


async def test_a_token_of_an_issuer_is_accepted_besides_ours(
    store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with oidc.running(rsa_key()) as issuer:
        given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_roles": {"board": ["APPROVER", "VIEWER"]}}
        registry = await Forebear.on(store, GRAPH, engines.settings(tmp_path_factory.getbasetemp(), **given))
        ours = await token(registry, Role.VIEWER, name="bob")
        async with serving(registry) as client:
            who = "{ me { name roles } models { totalCount } }"
            found = {"models": {"totalCount": 0}}
            answer = await ask(client, who, bearer(issuer.token(roles=["board"])))
            assert answer.json()["data"] == {"me": {"name": "ada", "roles": ["VIEWER", "APPROVER"]}, **found}
            answer = await ask(client, who, bearer(ours))
            assert answer.json()["data"] == {"me": {"name": "bob", "roles": ["VIEWER"]}, **found}
            assert (await ask(client, who, {})).status_code == 401
            assert (await ask(client, who, bearer(issuer.token(aud="another")))).json()["errors"][0]["message"] == (
                "the token is for another audience than 'forebear'"
            )
            nothing = await ask(client, who, bearer(issuer.token()) | {"Accept": MODERN})
            assert (nothing.status_code, nothing.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
        await registry.tokens.close()


async def test_an_issuer_that_is_away_is_no_fault_of_who_asks(
    store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with oidc.running(rsa_key()) as issuer:
        issuer.away = True
        given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE}
        registry = await Forebear.on(store, GRAPH, engines.settings(tmp_path_factory.getbasetemp(), **given))
        async with serving(registry) as client:
            answer = await ask(client, "{ me { name } }", bearer(issuer.token()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}


async def test_a_token_that_cannot_be_looked_up_now_is_no_wrong_token(
    client: httpx.AsyncClient, registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = bearer(await token(registry, Role.VIEWER))

    async def down(*_: object, **__: object) -> None:
        raise EngineUnavailable(retry_after=3)

    monkeypatch.setattr(registry.store, "read_one", down)
    answer = await ask(client, "{ me { name } }", mine)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


# ── tokens by mutation ──────────────────────────────────────────────────────────────────────────────────────

CREATE = """mutation($name: String!, $roles: [Role!]!, $lines: [ID!], $machine: Boolean, $expiresAt: DateTime) {
  createToken(name: $name, roles: $roles, lines: $lines, machine: $machine, expiresAt: $expiresAt) {
    __typename
    ... on TokenCreated { secret token { id name roles lines machine createdBy expiresAt revokedAt lastUsedAt } }
    ... on Refused { reasons { code message remedy } }
  }
}"""


async def test_an_admin_makes_tokens_and_an_auditor_sees_them(client: httpx.AsyncClient, registry: Forebear) -> None:
    admin = bearer(await token(registry, Role.ADMIN, name="root"))
    given = {"name": "bob", "roles": ["OPERATOR", "VIEWER"], "lines": ["line:a"], "machine": True}
    made = (await ask(client, CREATE, admin, **given, expiresAt="2999-01-01T02:00:00+02:00")).json()["data"]["createToken"]
    kept = {
        "id": made["token"]["id"],
        "name": "bob",
        "roles": ["VIEWER", "OPERATOR"],
        "lines": ["line:a"],
        "machine": True,
        "createdBy": "root",
        "expiresAt": "2999-01-01T00:00:00.000000Z",
        "revokedAt": None,
        "lastUsedAt": None,
    }
    assert made == {"__typename": "TokenCreated", "secret": made["secret"], "token": kept}
    assert (await ask(client, "{ me { name } }", bearer(made["secret"]))).json()["data"] == {"me": {"name": "bob"}}

    auditor = bearer(await token(registry, Role.AUDITOR, name="eve"))
    listed = await ask(client, "{ tokens { id name } }", auditor)
    assert [t["name"] for t in listed.json()["data"]["tokens"]] == ["eve", "bob", "root"]
    refused = await ask(client, "{ tokens { id name } models { totalCount } }", bearer(made["secret"]))
    assert refused.json() == {
        "errors": [
            {
                "message": "bob may not readTokens: that needs AUDITOR or ADMIN, and bob has VIEWER and OPERATOR",
                "locations": [{"line": 1, "column": 3}],
                "path": ["tokens"],
                "extensions": {
                    "code": "FORBIDDEN",
                    "remedy": "ask somebody who has one of AUDITOR or ADMIN, or an admin for the role",
                },
            }
        ],
        "data": None,
        "extensions": {"cost": 21},
    }


async def test_a_wrong_token_is_refused_with_every_reason(client: httpx.AsyncClient, registry: Forebear) -> None:
    admin = bearer(await token(registry, Role.ADMIN, name="root"))
    answer = await ask(client, CREATE, admin, name="", roles=[], expiresAt="2020-01-01T00:00:00Z")
    outcome = answer.json()["data"]["createToken"]
    assert [reason["code"] for reason in outcome["reasons"]] == ["INVALID_NAME", "NO_ROLE", "EXPIRED"]


# ── what each role may do ───────────────────────────────────────────────────────────────────────────────────


@cache
def mutations() -> dict[str, str]:
    """An operation for each mutation of the schema, with all that it requires and no more."""
    root = schema_of().core.mutation_type
    assert root is not None
    return {name: operation(root, name) for name in root.fields}


def operation(root: GraphQLObjectType, name: str) -> str:
    given = [f"{n}: {literal(a.type)}" for n, a in root.fields[name].args.items() if is_required_argument(a)]
    arguments = f"({', '.join(given)})" if given else ""
    return f"mutation {{ {name}{arguments} {{ __typename ... on Refused {{ reasons {{ code }} }} }} }}"


def literal(type_: Any) -> str:
    """Something of an input type: what is named does not exist."""
    match get_nullable_type(type_):
        case GraphQLList(of_type=item):
            return f"[{literal(item)}]"
        case GraphQLEnumType(values=values):
            return next(iter(values))
        case GraphQLInputObjectType() as object_type:
            fields = {n: f for n, f in object_type.fields.items() if is_required_input_field(f)}
            if object_type.is_one_of:
                fields = {n: f for n, f in object_type.fields.items() if n == "dataset"}
            return "{" + ", ".join(f"{n}: {literal(f.type)}" for n, f in fields.items()) + "}"
        case scalar:
            return {"Int": "1", "Float": "1.5", "Boolean": "true", "DateTime": '"2999-01-01T00:00:00Z"'}.get(
                scalar.name, '"dataset:nobody"'
            )


def is_forbidden(response: Mapping[str, Any]) -> bool:
    """Whether an answer says FORBIDDEN, or rejects the one plain fact; whatever else it says, it must be an outcome."""
    assert "errors" not in response, response
    (outcome,) = response["data"].values()
    return outcome["__typename"] == "NotRecorded" or "FORBIDDEN" in [reason["code"] for reason in outcome.get("reasons", ())]


@dataclass(frozen=True)
class Holder:
    """Somebody with one role, and their token."""

    role: Role
    secret: str

    def may(self, verb: str) -> bool:
        return self.role in PERMISSIONS[verb]

    @property
    def acts(self) -> bool:
        """Whether some facts that are actions are theirs."""
        return any(map(self.may, NAMES))

    def forbidden(self, verb: str) -> str:
        """What they are told where they may not do something."""
        reason = refusal(Actor(self.role.lower(), frozenset({self.role})), verb)
        assert reason is not None
        return reason.message


@pytest.fixture(params=Role)
async def holder(request: pytest.FixtureRequest, registry: Forebear) -> Holder:
    return Holder(request.param, await token(registry, request.param, name=request.param.lower()))


def test_every_mutation_is_a_verb_of_the_table() -> None:
    assert {"record", "createToken", "revokeToken", "approve"} <= set(mutations()) <= set(PERMISSIONS)


def test_every_question_takes_a_verb_of_the_table() -> None:
    assert {"query", "readAudit"} <= {question.verb for question in questions(GRAPH)} <= set(PERMISSIONS)


async def test_a_role_may_do_by_graphql_what_the_table_says(client: httpx.AsyncClient, holder: Holder) -> None:
    answers = {name: (await ask(client, m, bearer(holder.secret))).json() for name, m in mutations().items()}
    imports = mutations()["record"].replace("facts:", "imported: true, facts:")
    answers["importHistory"] = (await ask(client, imports, bearer(holder.secret))).json()
    assert {verb: not is_forbidden(answer) for verb, answer in answers.items()} == {v: holder.may(v) for v in answers}


@pytest.mark.parametrize(
    ("verb", "query"),
    [
        ("query", "{ models { totalCount } }"),
        ("query", '{ datasets { totalCount } node(id: "run:a") { id } }'),
        ("readAudit", '{ auditTrail(of: "facts/ada") { totalCount } }'),
        ("readTokens", "{ tokens { id } }"),
    ],
)
async def test_a_role_may_read_what_the_table_says(client: httpx.AsyncClient, holder: Holder, verb: str, query: str) -> None:
    for accept in ("application/json", MODERN):
        answer = await ask(client, query, bearer(holder.secret) | {"Accept": accept})
        codes = [error["extensions"]["code"] for error in answer.json().get("errors", ())]
        assert codes == ([] if holder.may(verb) else ["FORBIDDEN"])
        refused_whole = verb != "readTokens" and not holder.may(verb)
        assert answer.status_code == (403 if refused_whole and accept == MODERN else 200)


async def test_everybody_may_ask_who_they_are(client: httpx.AsyncClient, holder: Holder) -> None:
    answer = await ask(client, "{ me { name } __typename __schema { queryType { name } } }", bearer(holder.secret))
    assert answer.json()["data"] == {
        "me": {"name": holder.role.lower()},
        "__typename": "Query",
        "__schema": {"queryType": {"name": "Query"}},
    }


async def test_a_role_may_post_facts_as_the_table_says(client: httpx.AsyncClient, holder: Holder) -> None:
    for verb, flags in (("record", ""), ("importHistory", "?imported=true")):
        for content, kind in ((json.dumps([FACT]), "application/json"), (json.dumps(FACT), NDJSON)):
            headers = bearer(holder.secret) | {"Content-Type": kind}
            answer = await client.post(f"/facts{flags}", content=content, headers=headers)
            if holder.may(verb):
                assert answer.status_code == 200
            elif verb == "record" and holder.acts:
                assert answer.status_code == (422 if kind == "application/json" else 200)
                report = json.loads(answer.text.splitlines()[0])
                assert report["rejections"] == [{"position": 0, "id": "dataset:a", "reasons": [holder.forbidden(verb)]}]
            else:
                assert answer.status_code == 403
                error = {"message": holder.forbidden(verb), "extensions": {"code": "FORBIDDEN"}}
                assert answer.json() == {"errors": [error]}


async def test_a_fact_that_is_an_action_takes_the_role_of_that_action_alone(client: httpx.AsyncClient, holder: Holder) -> None:
    fact = {"kind": "Decision", "id": "decision:a", "type": "REJECTION", "about": ["release:a@1/l"], "reasons": ["No."]}
    answer = await client.post("/facts", json=[fact], headers=bearer(holder.secret))
    if holder.may("record") or holder.acts:
        (rejection,) = answer.json()["rejections"]
        says = "about: release:a@1/l is not known" if holder.may("reject") else holder.forbidden("reject")
        assert rejection["reasons"][0].startswith(says)
    else:
        assert answer.status_code == 403


REPORT = """mutation { reportInstallation(robot: "robot:a", digest: "sha256:%s", since: "2026-01-01T00:00:00Z") {
  __typename ... on Done { %s } ... on Refused { reasons { code message } }
} }"""


async def test_who_may_not_read_is_shown_no_node_by_what_they_did(client: httpx.AsyncClient, registry: Forebear) -> None:
    recorder = bearer(await token(registry, Role.RECORDER, name="telemetry"))
    done = (await ask(client, REPORT % ("0" * 64, "changed"), recorder)).json()["data"]["reportInstallation"]
    assert (done["__typename"], bool(done["changed"])) == ("Done", True)
    shown = (await ask(client, REPORT % ("1" * 64, "unchanged subject { id }"), recorder)).json()
    assert shown["data"] == {"reportInstallation": {"__typename": "Done", "unchanged": False, "subject": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in shown["errors"]] == [
        (["reportInstallation", "subject"], "FORBIDDEN")
    ]


async def test_the_command_line_may_do_at_a_service_what_the_table_says(client: httpx.AsyncClient, holder: Holder) -> None:
    client.headers.update(bearer(holder.secret))
    remote = Remote(client)
    answers = {name: await remote.ask(m, {}) for name, m in mutations().items()}
    assert {verb: not is_forbidden(answer) for verb, answer in answers.items()} == {v: holder.may(v) for v in answers}
    for verb, imported in (("record", False), ("importHistory", True)):
        for recorded in (
            lambda imported=imported: remote.record([json.dumps(FACT).encode()], "file", imported=imported, after=""),
            lambda imported=imported: remote.record_all([FACT], "file", imported=imported),
        ):
            if holder.may(verb):
                assert (await recorded()).kinds == {"Dataset": 1}
                continue
            if verb == "record" and holder.acts:
                assert [r["reasons"] for r in (await recorded()).rejections] == [[holder.forbidden(verb)]]
                continue
            with pytest.raises(Failure) as caught:
                await recorded()
            assert caught.value.code is Code.NEGATIVE
            assert str(caught.value).startswith(f"{holder.role.lower()} may not {verb}: that needs ")


async def test_the_command_line_without_a_good_token_is_told_where_to_give_one(client: httpx.AsyncClient) -> None:
    remote = Remote(client)
    for asked in (remote.ask("{ me { name } }", {}), remote.record_all([FACT], "file", imported=False)):
        with pytest.raises(Failure) as caught:
            await asked
        assert caught.value.code is Code.WRONG
        assert str(caught.value) == (
            "http://forebear: a token is needed: send it as `Authorization: Bearer …`: see --token and FOREBEAR_TOKEN"
        )


async def test_on_the_local_engine_the_command_line_may_do_everything(registry: Forebear) -> None:
    local = Local(registry)
    assert not any([is_forbidden(await local.ask(m, {})) for m in mutations().values()])
    assert (await local.ask("{ me { name may } }", {}))["data"] == {
        "me": {"name": operating_system_user().name, "may": list(PERMISSIONS)}
    }
