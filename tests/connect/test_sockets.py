"""GraphQL over WebSocket, with gql's client and with plain messages, on each engine."""

import asyncio
import json
from contextlib import suppress
from socket import SO_RCVBUF, SOL_SOCKET
from socket import socket as tcp
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from forebear.api import connection, following, sockets
from forebear.api.body import MAX_GRAPHQL, MAX_VALUES
from forebear.app import Forebear
from forebear.domain.roles import Role
from forebear.graph.kinds import GRAPH
from forebear.identity.actors import DEVELOPMENT
from forebear.identity.tokens import CreatedToken
from forebear.settings import Settings
from forebear.store import Store
from tests import engines
from tests.api.served import Served, served, until
from tests.record.asking import origin

EVENTS = (
    "subscription($filter: RegistryEventFilter, $after: ID) { events(filter: $filter, after: $after) { event subject number } }"
)


def address(service: Served) -> str:
    return f"ws://127.0.0.1:{service.port}/graphql"


def transport(service: Served, token: str = "") -> WebsocketsTransport:
    return WebsocketsTransport(
        address(service),
        init_payload={"Authorization": f"Bearer {token}"} if token else {},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )


async def record(registry: Forebear, n: int) -> None:
    await registry.recorder.record([{"kind": "Dataset", "id": f"dataset:{n}"}], origin("ann"))


async def test_an_unchanged_client_asks_acts_and_follows_on_one_connection(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)
    await record(registry, 0)
    async with served(registry) as service, Client(transport=transport(service)) as session:
        assert (await session.execute(gql("{ datasets { totalCount } }"))) == {"datasets": {"totalCount": 1}}
        told = session.subscribe(gql(EVENTS))
        first = asyncio.ensure_future(anext(told))
        while not registry.streams.open:
            await asyncio.sleep(0)
        await record(registry, 1)
        assert await first == {"events": {"event": "record", "subject": "facts/ann", "number": 1}}
        acted = await session.execute(gql('mutation { revokeToken(token: "x") { __typename } }'))
        assert acted == {"revokeToken": {"__typename": "Refused"}}
        for query, variables, code in (
            ("{ nothing }", {}, "INVALID_DOCUMENT"),
            (EVENTS, {"filter": {"events": ["aprove"]}}, "UNKNOWN_NAME"),
            (EVENTS, {"after": "2020-01-01T00:00:00.000000Z/0000/facts/ann#0"}, "EVENTS_GONE"),
        ):
            request = gql(query)
            request.variable_values = variables
            with pytest.raises(TransportQueryError) as refused:
                await anext(session.subscribe(request))
            assert refused.value.errors is not None
            assert refused.value.errors[0]["extensions"]["code"] == code
        await told.aclose()
        # The connection is of use afterwards, and ends nothing but what it was told to end.
        assert (await session.execute(gql("{ datasets { totalCount } }"))) == {"datasets": {"totalCount": 2}}
    assert registry.streams.open == 0


INIT = {"type": "connection_init"}


async def closing(service: Served, *messages: Any, protocol: str = sockets.PROTOCOL, **options: Any) -> tuple[int, str]:
    """The code and the reason with which the service closes a connection after some messages."""
    async with connect(address(service), subprotocols=[Subprotocol(protocol)], **options) as socket:
        return await closed(socket, *messages)


async def closed(socket: ClientConnection, *messages: Any) -> tuple[int, str]:
    """The code and the reason with which the service closes a connection that it was sent some messages on."""
    with suppress(ConnectionClosed):
        for message in messages:
            await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))
        while True:
            await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


def subscribe(id: str, query: str = EVENTS) -> dict[str, Any]:
    return {"type": "subscribe", "id": id, "payload": {"query": query}}


async def test_what_the_protocol_forbids_closes_the_connection_with_its_code(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [subscribe(f"{n}") for n in range(sockets.MOST_OPERATIONS + 1)]
    async with served(registry) as service:
        for messages, end in (
            (["{"], (4400, "Invalid message: the message is invalid: Input data was truncated")),
            ([{"type": "start"}], (4400, "Invalid message: the message is invalid: Invalid value 'start' - at `$.type`")),
            ([b"x"], (4400, "Invalid message: it is not text")),
            (["," * MAX_VALUES + "["], (4400, f"Invalid message: it has more than {MAX_VALUES} values")),
            ([subscribe("1")], (4401, "Unauthorized: send connection_init first")),
            ([INIT, INIT], (4429, "Too many initialisation requests")),
            ([INIT, subscribe("1"), subscribe("1")], (4409, "Subscriber for 1 already exists")),
            ([INIT, *many], (4429, "Too many operations: at most 20 at once on a connection")),
            (
                [INIT | {"payload": {"authorization": "Bearer forebear_" + "0" * 64}}],
                (4403, "Forbidden: the token is not known"),
            ),
            ([INIT | {"payload": {"authorization": 1}}], (4403, "Forbidden: Authorization must be a text")),
            (["x" * (MAX_GRAPHQL + 1)], (1009, f"frame with {MAX_GRAPHQL + 1} bytes exceeds limit of {MAX_GRAPHQL} bytes")),
        ):
            assert await closing(service, *messages) == end
        assert await closing(service, protocol="graphql-ws") == (
            4406,
            "Subprotocol not acceptable: graphql-transport-ws is",
        )
        monkeypatch.setattr(sockets, "INIT_SECONDS", 0.05)
        ping = {"type": "ping", "payload": {"a": 1}}
        async with connect(address(service), subprotocols=[Subprotocol(sockets.PROTOCOL)]) as socket:
            await socket.send(json.dumps(ping))
            assert json.loads(await socket.recv()) == {"type": "pong", "payload": {"a": 1}}
            assert await closed(socket) == (4408, "Connection initialisation timeout")
    assert registry.streams.open == 0


async def test_a_page_of_another_origin_opens_no_connection_unless_it_is_named(registry: Forebear) -> None:
    async with served(registry, settings=Settings(drain_seconds=1, allowed_origins=("https://dash.example",))) as service:
        with pytest.raises(InvalidStatus) as refused:
            await closing(service, origin=Origin("https://evil.example"))
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["errors"][0]["extensions"] == {"code": "FOREIGN_ORIGIN"}
        own = Origin(f"http://127.0.0.1:{service.port}")
        for origin in (own, Origin("https://dash.example")):
            assert await closing(service, INIT, INIT, origin=origin) == (4429, "Too many initialisation requests")


async def test_rights_are_looked_at_again_and_a_service_that_stops_closes_connections(
    store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(following, "RIGHTS_SECONDS", 0.1)
    settings = engines.settings(tmp_path_factory.getbasetemp(), require_authentication=True)
    registry = await Forebear.on(store, GRAPH, settings)
    made = {}
    for role in (Role.VIEWER, Role.RECORDER):
        outcome = await registry.tokens.create(DEVELOPMENT, role.lower(), [role])
        assert isinstance(outcome, CreatedToken)
        made[role] = outcome.secret
    async with served(registry) as service:
        assert await closing(service, INIT) == (4403, "Forbidden: a token is needed: send it as `Authorization: Bearer …`")
        async with Client(transport=transport(service, made[Role.RECORDER])) as recorder:
            with pytest.raises(TransportQueryError, match="FORBIDDEN"):
                await anext(recorder.subscribe(gql(EVENTS)))
        async with connect(address(service), subprotocols=[Subprotocol(sockets.PROTOCOL)]) as viewer:
            init = INIT | {"payload": {"Authorization": f"Bearer {made[Role.VIEWER]}"}}
            for message in (init, subscribe("1")):
                await viewer.send(json.dumps(message))
            assert json.loads(await viewer.recv()) == {"type": "connection_ack"}
            while not registry.streams.open:
                await asyncio.sleep(0)
            await registry.tokens.revoke(DEVELOPMENT, "viewer")
            error = json.loads(await viewer.recv())
            assert (error["type"], error["id"]) == ("error", "1")
            assert error["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            await viewer.send(json.dumps(subscribe("2", "{ datasets { totalCount } }")))
            assert json.loads(await viewer.recv())["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            service.stop()
            assert (await closed(viewer))[0] == 1012
    assert registry.streams.open == 0
    await registry.tokens.close()


async def test_a_client_that_reads_nothing_is_dropped_with_a_reason(
    registry: Forebear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TICK", 0.05)
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.5)
    ended: list[str] = []
    monkeypatch.setattr(connection, "_tell", lambda loop, reason: ended.append(reason))
    options: dict[str, Any] = {"subprotocols": [Subprotocol(sockets.PROTOCOL)], "max_queue": 1, "max_size": None}
    # What the client does not read is not to disappear in the kernel.
    own = tcp()
    own.setsockopt(SOL_SOCKET, SO_RCVBUF, 16 * 1024)
    async with served(registry) as service:
        own.connect(("127.0.0.1", service.port))
        slow = await connect(address(service), sock=own, **options)
        await slow.send(json.dumps(INIT))
        assert json.loads(await slow.recv()) == {"type": "connection_ack"}
        for n in range(15):
            await slow.send(json.dumps(subscribe(f"{n}", "{ __schema { types { name fields { name description } } } }")))
        await until(lambda: asyncio.sleep(0, bool(ended)))
        monkeypatch.setattr(connection, "BODY_SECONDS", 60)
        assert await closed(slow) == (1008, "nothing was read for 0.5 s")
