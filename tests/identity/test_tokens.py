"""API tokens: what is kept of them, whom they speak for, and when they are not accepted any more."""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any

import pytest

import forebear.identity.tokens
from forebear.audit.append import Chains
from forebear.domain.outcome import Reason, Refused
from forebear.domain.roles import Actor, Role
from forebear.graph.document import json_text
from forebear.graph.ids import Ids
from forebear.graph.kinds import GRAPH
from forebear.graph.moments import moment
from forebear.identity.errors import Unauthenticated
from forebear.identity.tokens import CACHED_SECONDS, USE_SECONDS, CreatedToken, Revocation, Token, Tokens
from forebear.store import Store, WriteTransaction
from forebear.store.errors import StatementTimeout
from tests.identity.clock import Clock

ADMIN = Actor("root", frozenset(Role))
LIMITED = Actor("petra", frozenset({Role.ADMIN}), frozenset({"line:a"}))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(forebear.identity.tokens, "datetime", turned)
    return turned


@pytest.fixture
def tokens(store: Store, clock: Clock) -> Tokens:
    return Tokens(store, Ids(GRAPH), Chains(), ["facts"], clock)


async def created(tokens: Tokens, name: str = "ada", *roles: Role, **given: Any) -> CreatedToken:
    outcome = await tokens.create(ADMIN, name, roles or (Role.VIEWER,), **given)
    assert isinstance(outcome, CreatedToken)
    return outcome


async def refused(tokens: Tokens, secret: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await tokens.actor(secret)
    return str(caught.value)


async def kept(store: Store, label: str = "ApiToken") -> list[Mapping[str, Any]]:
    """All nodes of a label, or of several, with all that they hold."""
    rows = await store.read(f"MATCH (n:{label}) WITH n ORDER BY n.id RETURN properties(n) AS properties")
    return [dict(row["properties"]) for row in rows]  # type: ignore[call-overload]


async def test_a_token_speaks_for_its_actor_and_only_its_hash_is_kept(tokens: Tokens, store: Store, clock: Clock) -> None:
    made = await created(tokens, "telemetry", Role.OPERATOR, Role.RECORDER, lines=["line:b", "line:a", "line:a"], machine=True)
    assert re.fullmatch("forebear_[0-9a-f]{64}", made.secret)
    hash = sha256(made.secret.encode()).hexdigest()
    assert await kept(store) == [
        {
            "id": f"token:{hash[:16]}",
            "name": "telemetry",
            "hash": hash,
            "roles": ["RECORDER", "OPERATOR"],
            "lines": ["line:a", "line:b"],
            "machine": True,
            "createdAt": moment(clock.now(UTC)),
            "createdBy": "root",
        }
    ]
    assert await tokens.actor(made.secret) == Actor(
        "telemetry", frozenset({Role.OPERATOR, Role.RECORDER}), frozenset({"line:a", "line:b"}), machine=True
    )
    await tokens.close()
    assert made.secret.removeprefix("forebear_") not in str(await kept(store, "ApiToken|AuditEntry|OutboxEntry"))


async def test_a_token_for_a_connector_speaks_for_an_actor_of_that_connector(tokens: Tokens, store: Store) -> None:
    made = await created(tokens, "warehouse", Role.RECORDER, connector="facts")
    assert await tokens.actor(made.secret) == Actor("warehouse", frozenset({Role.RECORDER}), connector="facts")
    assert [token.connector for token in await tokens.all()] == ["facts"]
    (entry,) = await kept(store, "AuditEntry")
    told = {"name": "warehouse", "roles": ["RECORDER"], "machine": False, "connector": "facts"}
    assert entry["after"] == json_text({made.token.id: told})


async def test_a_token_acts_under_the_name_by_which_an_issuer_knows_somebody(tokens: Tokens) -> None:
    for name in ("auth0|5f7c12", "ines.okoro@quillfinch.example", "5f7c12aa-0d3e-4f6a-9d3b-8f1f4c1c9f10"):
        assert (await tokens.actor((await created(tokens, name, Role.APPROVER)).secret)).name == name


async def test_what_is_done_to_a_token_is_on_its_audit_trail(tokens: Tokens, store: Store, clock: Clock) -> None:
    made = await created(tokens, "ada", Role.APPROVER, lines=["line:a"])
    id, first = made.token.id, moment(clock.now(UTC))
    clock.seconds += 1
    await tokens.revoke(Actor("petra", frozenset({Role.ADMIN})), "ada")
    second = moment(clock.now(UTC))
    entries = await kept(store, "AuditEntry")
    assert [{name: e.get(name) for name in ("id", "at", "by", "action", "before", "after")} for e in entries] == [
        {
            "id": f"{id}#0",
            "at": first,
            "by": "root",
            "action": "createToken",
            "before": None,
            "after": json_text({id: {"name": "ada", "roles": ["APPROVER"], "lines": ["line:a"], "machine": False}}),
        },
        {
            "id": f"{id}#1",
            "at": second,
            "by": "petra",
            "action": "revokeToken",
            "before": json_text({id: {"revokedAt": None}}),
            "after": json_text({id: {"revokedAt": second}}),
        },
    ]
    assert entries[1]["previous"] == entries[0]["hash"]


async def test_tokens_are_listed_the_newest_first(tokens: Tokens, clock: Clock) -> None:
    first = await created(tokens, "ada")
    clock.seconds += 1
    second = await created(tokens, "bob", Role.ADMIN, lines=[], expires_at="2999-01-01T00:00:00.000000Z")
    assert await tokens.all() == [second.token, first.token]
    assert second.token == Token(
        id=second.token.id,
        name="bob",
        roles=frozenset({Role.ADMIN}),
        lines=frozenset(),
        machine=False,
        connector=None,
        created_at=moment(clock.now(UTC)),
        created_by="root",
        expires_at="2999-01-01T00:00:00.000000Z",
        revoked_at=None,
        revoked_by=None,
        last_used_at=None,
    )


async def test_what_is_no_token_is_not_accepted(tokens: Tokens, store: Store) -> None:
    secret = (await created(tokens)).secret
    altered = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert await refused(tokens, altered) == "the token is not known"
    assert await refused(tokens, "forebear_") == "the token is malformed: it should be forebear_ and 64 hexadecimal digits"
    assert await refused(tokens, secret.upper()) == ("the token is malformed: it should be forebear_ and 64 hexadecimal digits")


async def test_the_beginning_of_a_hash_is_not_enough(tokens: Tokens, store: Store) -> None:
    made = await created(tokens)

    async def alter(transaction: WriteTransaction) -> None:
        await transaction.run("MATCH (t:ApiToken) SET t.hash = left(t.hash, 16) + $rest", {"rest": "0" * 48})

    await store.write(alter)
    assert await refused(tokens, made.secret) == "the token is not known"


async def test_a_token_expires(tokens: Tokens, clock: Clock) -> None:
    until = moment(clock.now(UTC) + timedelta(seconds=5))
    made = await created(tokens, expires_at=until)
    assert await tokens.actor(made.secret) == Actor("ada", frozenset({Role.VIEWER}))
    clock.seconds += 4.9
    assert await tokens.actor(made.secret) == Actor("ada", frozenset({Role.VIEWER}))
    clock.seconds += 0.1
    assert await refused(tokens, made.secret) == f"the token expired at {until}"
    await tokens.close()


async def test_a_revoked_token_is_refused_at_once_here_and_soon_elsewhere(tokens: Tokens, store: Store, clock: Clock) -> None:
    elsewhere = Tokens(store, Ids(GRAPH), Chains(), clock=clock)
    made, other = await created(tokens), await created(tokens)
    for known in (tokens, elsewhere):
        await known.actor(made.secret)
        await known.close()
    clock.seconds += 1
    at = moment(clock.now(UTC))

    outcome = await tokens.revoke(ADMIN, made.token.id)
    assert isinstance(outcome, Revocation)
    assert [(t.id, t.revoked_at, t.revoked_by) for t in outcome.tokens] == [(made.token.id, at, "root")]
    assert await refused(tokens, made.secret) == f"the token was revoked at {at}"
    clock.seconds += CACHED_SECONDS - 1.1
    assert await elsewhere.actor(made.secret) == made.token.actor
    clock.seconds += 0.1
    assert await refused(elsewhere, made.secret) == f"the token was revoked at {at}"
    assert await tokens.actor(other.secret) == other.token.actor
    await tokens.close()


async def test_all_tokens_of_a_name_are_revoked_together(tokens: Tokens) -> None:
    mine = [await created(tokens, "ada"), await created(tokens, "ada")]
    other = await created(tokens, "bob")
    outcome = await tokens.revoke(ADMIN, "ada")
    assert isinstance(outcome, Revocation)
    assert {token.id for token in outcome.tokens} == {made.token.id for made in mine}
    assert [token.revoked_at is None for token in await tokens.all() if token.id == other.token.id] == [True]
    assert await tokens.revoke(ADMIN, "ada") == Refused(
        (
            Reason(
                "UNKNOWN_TOKEN",
                "token: none that is not revoked yet has the id or the name 'ada'",
                "name it as the list of tokens does",
            ),
        )
    )


async def test_what_was_read_before_a_revocation_is_not_believed_after_it(
    tokens: Tokens, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await created(tokens)
    read_one = store.read_one

    async def overtaken(*arguments: Any) -> Any:
        row = await read_one(*arguments)
        monkeypatch.undo()
        await tokens.revoke(ADMIN, made.token.id)
        return row

    monkeypatch.setattr(store, "read_one", overtaken)
    await tokens.actor(made.secret)
    assert (await refused(tokens, made.secret)).startswith("the token was revoked at ")
    await tokens.close()


async def test_a_known_token_costs_no_statement(tokens: Tokens, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await created(tokens)
    await tokens.actor(made.secret)
    await tokens.close()

    async def read_one(*_: Any) -> None:
        raise AssertionError("it was asked for again")

    monkeypatch.setattr(store, "read_one", read_one)
    assert await tokens.actor(made.secret) == made.token.actor


async def test_last_use_is_kept_to_the_minute_and_never_waited_for(
    tokens: Tokens, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await created(tokens)
    write, writes = store.write, 0

    async def counted(*arguments: Any) -> Any:
        nonlocal writes
        writes += 1
        return await write(*arguments)

    monkeypatch.setattr(store, "write", counted)
    first = moment(clock.now(UTC))
    await tokens.actor(made.secret)
    assert writes == 0
    await tokens.close()
    assert writes == 1

    clock.seconds += USE_SECONDS - 1
    await tokens.actor(made.secret)
    await tokens.close()
    assert writes == 1
    assert [token.last_used_at for token in await tokens.all()] == [first]

    clock.seconds += 1
    await tokens.actor(made.secret)
    await tokens.close()
    assert writes == 2
    assert [token.last_used_at for token in await tokens.all()] == [moment(clock.now(UTC))]


async def test_a_token_is_accepted_where_its_use_cannot_be_kept(
    tokens: Tokens, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await created(tokens)

    async def write(*_: Any) -> None:
        raise StatementTimeout(1)

    monkeypatch.setattr(store, "write", write)
    assert await tokens.actor(made.secret) == made.token.actor
    await tokens.close()


async def test_a_token_that_makes_no_sense_is_refused_with_every_reason(tokens: Tokens, store: Store) -> None:
    assert await tokens.create(
        LIMITED, "-", (), ["model:x@1", "line:b"], connector="fax", expires_at="2020-01-01T00:00:00.000000Z"
    ) == Refused(
        (
            Reason(
                "FORBIDDEN",
                "petra's writes are limited to line:a, and createToken would reach line:b and model:x@1",
                "ask somebody who may write to line:b and model:x@1",
            ),
            Reason(
                "INVALID_NAME",
                "name: '-' is no name of an actor",
                "begin with a letter or digit; letters, digits and . _ @ + | - may follow, 100 characters at most",
            ),
            Reason("NO_ROLE", "roles: without a role a token may do nothing", "give it at least one role"),
            Reason(
                "INVALID_LINE",
                "lines: model:x@1 is the id of a ModelVersion",
                "name release lines by their ids, such as line:NAME",
            ),
            Reason(
                "UNKNOWN_CONNECTOR",
                "connector: there is none called 'fax'",
                "name one of facts, or none for a token that every door accepts",
            ),
            Reason("EXPIRED", "expiresAt: 2020-01-01T00:00:00.000000Z is in the past", "let it expire later, or never"),
        )
    )
    assert await kept(store) == []


async def test_who_is_limited_to_lines_neither_gives_more_nor_takes_it(tokens: Tokens) -> None:
    every = Reason(
        "FORBIDDEN",
        "petra's writes are limited to line:a, and createToken would reach every line",
        "ask somebody who is not limited to lines",
    )
    assert await tokens.create(LIMITED, "ada", (Role.VIEWER,)) == Refused((every,))
    made = await tokens.create(LIMITED, "ada", (Role.VIEWER,), ["line:a"])
    assert isinstance(made, CreatedToken)
    free = await created(tokens, "ada")

    outcome = await tokens.revoke(LIMITED, "ada")
    assert isinstance(outcome, Refused)
    assert [reason.code for reason in outcome.reasons] == ["FORBIDDEN"]
    assert all(token.revoked_at is None for token in await tokens.all())
    assert isinstance(await tokens.revoke(LIMITED, made.token.id), Revocation)
    assert isinstance(await tokens.revoke(LIMITED, free.token.id), Refused)
