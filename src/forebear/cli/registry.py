"""The registry that a command talks to: a running service, or an engine of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from forebear.cli import terminal
from forebear.cli.abbreviation import written_out
from forebear.cli.terminal import Code, Failure

if TYPE_CHECKING:
    import httpx

    from forebear.app import Forebear
    from forebear.record.stream import Line

NDJSON = "application/x-ndjson"


class Interrupted(Exception):
    """The connection or the engine broke, or was too busy. Try again."""


class CommandRegistry(Protocol):
    """What commands need of a registry."""

    async def ask(self, document: str, variables: Mapping[str, Any], operation: str | None = None) -> dict[str, Any]:
        """Return the whole GraphQL response."""

    async def record(self, lines: Sequence[bytes], source: str, *, imported: bool, after: str) -> Line:
        """Record at most a batch of a file's lines without the rejected ones.

        `after` is the mark of the lines before, or empty. Raises `Interrupted`.
        """

    async def record_all(self, documents: Sequence[object], source: str, *, imported: bool) -> Line:
        """Record all documents of a file, or none if one is rejected. Raises `Interrupted`."""

    def trail(self) -> AsyncIterator[bytes]:
        """Return the audit trail, some lines at a time."""

    def governed(self) -> AsyncIterator[list[str]]:
        """Return the ids of all governed nodes that are not imported, some at a time."""

    async def current(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the current values of nodes in the graph."""

    async def head(self) -> dict[str, Any] | None:
        """Cover all chains by heads. Return the last head, if there is one."""


@asynccontextmanager
async def opened(url: str | None, token: str | None) -> AsyncIterator[CommandRegistry]:
    """Open the service at `url` with `token`, or the database that the settings name.

    If a service has the data directory open, it is that one. Raises `Failure` and `StoreError`.
    """
    async with _own(token) if url is None else remote(url, token) as registry:
        yield registry


@asynccontextmanager
async def _own(token: str | None) -> AsyncIterator[CommandRegistry]:
    """Open the database that the settings name, or the service that has it open."""
    from forebear.app import Forebear
    from forebear.store import embedded
    from forebear.store.errors import DataDirectoryInUse

    settings = terminal.settings()
    if settings.graph_uri is None and embedded.is_new(settings.data_dir):
        terminal.err().print(f"There is no database in {settings.data_dir.absolute()} yet, so a new one is made.", markup=False)
    async with AsyncExitStack() as stack:
        try:
            registry: CommandRegistry = Local(await stack.enter_async_context(Forebear.open(settings)))
        except DataDirectoryInUse as error:
            if error.address is None:
                raise
            registry = await stack.enter_async_context(remote(error.address, token))
        yield registry


@asynccontextmanager
async def remote(url: str, token: str | None) -> AsyncIterator[Remote]:
    """Open the service at `url` with `token`. Raises `Failure`."""
    import httpx

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if token and not (token.isascii() and token.isprintable()):
        raise Failure("--token is no token: it holds what no token can", Code.WRONG)
    try:
        client = httpx.AsyncClient(base_url=url, headers=headers, timeout=httpx.Timeout(60, connect=5), trust_env=False)
    except httpx.InvalidURL as error:
        raise Failure(f"--url {url}: {error}; it looks like http://127.0.0.1:8080", Code.WRONG) from None
    if client.base_url.scheme not in ("http", "https") or not client.base_url.host:
        raise Failure(f"--url {url} is no address of a service; it looks like http://127.0.0.1:8080", Code.WRONG)
    async with client:
        yield Remote(client)


async def ask(registry: CommandRegistry, document: str, variables: Mapping[str, Any], *, exact: bool = False) -> dict[str, Any]:
    """Return the data of a response, `printable` for people unless it has to be `exact`. Ids may be short.

    Raises `Failure` with the first error.
    """
    data = await _data(registry, document, await written_out(partial(_data, registry), variables))
    return data if exact else terminal.printable(data)


async def _data(registry: CommandRegistry, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    response = await registry.ask(document, variables)
    if errors := response.get("errors"):
        raise _failure(errors)
    data: dict[str, Any] = response["data"]
    return data


async def ask_partly(
    registry: CommandRegistry, document: str, variables: Mapping[str, Any], *, exact: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data of a response, and by the names of its nodes' fields why some could not be answered.

    Raises `Failure` with the first error if a root field could not be answered.
    """
    response = await registry.ask(document, await written_out(partial(_data, registry), variables))
    errors = response.get("errors") or []
    data: dict[str, Any] = response.get("data") or {}
    if errors and (not data or None in data.values()):
        raise _failure(errors)
    reasons = {error["path"][1]: error["message"] for error in errors}
    return (data, reasons) if exact else (terminal.printable(data), terminal.printable(reasons))


def _failure(errors: Sequence[Mapping[str, Any]]) -> Failure:
    code = errors[0].get("extensions", {}).get("code")
    return Failure(errors[0]["message"], _CODES.get(code, Code.NEGATIVE))


_CODES = {
    "INVALID_ID": Code.WRONG,
    "INVALID_VARIABLES": Code.WRONG,
    "INVALID_ARGUMENT": Code.WRONG,
    "UNAVAILABLE": Code.UNREACHABLE,
}


_PASSING = frozenset({"UNAVAILABLE", "TIMEOUT", "BUSY"})
"""The codes of errors that may pass: it is worth to try again."""


class Local:
    """A registry in this process."""

    def __init__(self, forebear: Forebear) -> None:
        from forebear.identity.actors import operating_system_user

        self.forebear = forebear
        self._actor = operating_system_user()

    async def ask(self, document: str, variables: Mapping[str, Any], operation: str | None = None) -> dict[str, Any]:
        answer = await self.forebear.executor.answer(document, variables, operation, self.forebear.context(self._actor))
        return msgspec.json.decode(answer.body, type=dict[str, Any])

    async def record(self, lines: Sequence[bytes], source: str, *, imported: bool, after: str) -> Line:
        from forebear.record.stream import record_lines
        from forebear.record.summary import Origin
        from forebear.store.errors import EngineUnavailable, StatementTimeout, TransientFailure

        async def chunk() -> AsyncIterator[bytes]:
            yield b"".join(lines)

        try:
            origin = Origin(self._actor, source)
            reports = record_lines(self.forebear.recorder, chunk(), origin, imported=imported, after=after)
            return _together([report async for report in reports])
        except (EngineUnavailable, StatementTimeout, TransientFailure) as error:
            raise Interrupted(str(error)) from error

    async def record_all(self, documents: Sequence[object], source: str, *, imported: bool) -> Line:
        from forebear.api.recording import outcome
        from forebear.record.summary import Origin
        from forebear.store.errors import EngineUnavailable, StatementTimeout, TransientFailure

        try:
            origin = Origin(self._actor, source)
            summary = await self.forebear.recorder.record(documents, origin, imported=imported, after="")
        except (EngineUnavailable, StatementTimeout, TransientFailure) as error:
            raise Interrupted(str(error)) from error
        return _whole(outcome(summary))

    def trail(self) -> AsyncIterator[bytes]:
        from forebear.audit.trail import lines

        return lines(self.forebear.store)

    def governed(self) -> AsyncIterator[list[str]]:
        from forebear.audit.trail import governed

        return governed(self.forebear.store, self.forebear.schema.graph)

    async def current(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        from forebear.audit.trail import current

        return await current(self.forebear.store, self.forebear.schema.graph, ids)

    async def head(self) -> dict[str, Any] | None:
        from forebear.audit.heads import write_heads

        head = await write_heads(self.forebear.store)
        return head.properties if head else None


class Remote:
    """A running service."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, document: str, variables: Mapping[str, Any], operation: str | None = None) -> dict[str, Any]:
        body = {"query": document, "variables": variables, "operationName": operation}
        try:
            response = await self._post("/graphql", _json(body), "application/json")
        except Interrupted as error:
            raise Failure(str(error), Code.UNREACHABLE) from None
        return self._object(response)

    async def record(self, lines: Sequence[bytes], source: str, *, imported: bool, after: str) -> Line:
        from forebear.record.stream import Line

        reports = []
        for line in (await self._facts(b"".join(lines), NDJSON, source, imported, after)).content.splitlines():
            report = msgspec.json.decode(line)
            if error := report.get("error"):
                if error["code"] in _PASSING:
                    raise Interrupted(error["message"])
                raise Failure(error["message"], Code.UNREACHABLE)
            reports.append(msgspec.convert(report, Line))
        if not reports or not reports[-1].done:
            raise Interrupted("the service's answer ended too early")
        return _together(reports)

    async def record_all(self, documents: Sequence[object], source: str, *, imported: bool) -> Line:
        response = await self._facts(_json(documents), "application/json", source, imported, "")
        return _whole(self._object(response))

    async def trail(self) -> AsyncIterator[bytes]:
        async for lines in self._streamed("/audit"):
            yield lines

    async def archive(self) -> AsyncIterator[bytes]:
        """Return the lines of an archive, some at a time. Raises `Interrupted`, and `Failure` if it is incomplete."""
        from forebear.record.archive import ArchiveError, whole

        try:
            async for lines in whole(self._streamed("/export")):
                yield lines
        except ArchiveError as error:
            raise Failure(str(error), Code.UNREACHABLE) from None

    async def governed(self) -> AsyncIterator[list[str]]:
        async for lines in self._streamed("/audit/nodes"):
            yield [msgspec.json.decode(line) for line in lines.splitlines()]

    async def current(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        response = await self._audit("/audit/nodes", msgspec.json.encode(ids))
        return msgspec.json.decode(response.content, type=list[dict[str, Any]])

    async def head(self) -> dict[str, Any] | None:
        response = await self._audit("/audit/heads", b"")
        return msgspec.json.decode(response.content, type=dict[str, Any] | None)

    async def _audit(self, path: str, body: bytes) -> httpx.Response:
        try:
            response = await self._post(path, body, "application/json")
        except Interrupted as error:
            raise Failure(str(error), Code.UNREACHABLE) from None
        return self._answered(response)

    async def _streamed(self, path: str) -> AsyncIterator[bytes]:
        """Return whole lines, as they come. Raises `Failure` if the service breaks off."""
        import httpx

        rest = b""
        try:
            async with self._client.stream("GET", path) as response:
                if response.status_code != 200:
                    await response.aread()
                    self._answered(self._known(response))
                async for part in response.aiter_bytes():
                    whole, newline, rest = (rest + part).rpartition(b"\n")
                    yield self._unbroken(whole + newline)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    async def followed(self, document: str, variables: Mapping[str, Any]) -> AsyncIterator[dict[str, Any] | None]:
        """Return the results of a subscription as they come, and None for each sign of life.

        Raises `Interrupted` if the connection breaks or the service is busy, and `Failure` if it refuses.
        """
        import httpx

        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        body = _json({"query": document, "variables": variables})
        try:
            async with self._client.stream("POST", "/graphql", content=body, headers=headers) as response:
                if not response.headers["content-type"].startswith("text/event-stream"):
                    await response.aread()
                    raise _failure(self._object(self._known(response))["errors"])
                async for line in response.aiter_lines():
                    if line.startswith("event: complete"):
                        return
                    if line.startswith("data: "):
                        yield msgspec.json.decode(line.removeprefix("data: "), type=dict[str, Any])
                    elif line == ":":
                        yield None
        except httpx.TransportError as error:
            raise Interrupted(f"{self._client.base_url} is away: {error or type(error).__name__}") from error

    def _unbroken(self, lines: bytes) -> bytes:
        if (last := lines[lines.rfind(b"\n", 0, -1) + 1 :]).startswith(b'{"error":'):
            error = msgspec.json.decode(last)["error"]
            raise Failure(error["message"], Code.NEGATIVE if error["code"] == "EXPORT_FAILED" else Code.UNREACHABLE)
        return lines

    def _answered(self, response: httpx.Response) -> httpx.Response:
        if response.status_code == 403:
            raise Failure(_message(response))
        if response.status_code != 200:
            raise Failure(f"{self._client.base_url} did not answer: {_message(response)}", Code.UNREACHABLE)
        return response

    async def _facts(self, body: bytes, kind: str, source: str, imported: bool, after: str) -> httpx.Response:
        flags = {"source": source, "imported": str(imported).lower(), "after": after}
        response = await self._post("/facts", body, kind, flags)
        if response.status_code == 403:
            raise Failure(_message(response))
        if response.status_code not in (200, 422):
            raise Failure(f"{self._client.base_url} refused the facts: {_message(response)}", Code.UNREACHABLE)
        return response

    async def _post(self, path: str, body: bytes, kind: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        import httpx

        try:
            response = await self._client.post(path, content=body, headers={"Content-Type": kind}, params=query)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        return self._known(response)

    def _unreachable(self, error: httpx.TransportError) -> Interrupted:
        return Interrupted(
            f"{self._client.base_url} cannot be reached ({error or type(error).__name__}): does a service run there?"
        )

    def _known(self, response: httpx.Response) -> httpx.Response:
        """Return the response.

        Raises `Failure` if the service does not accept the token, and `Interrupted` if it is not available.
        """
        if response.status_code == 401:
            raise Failure(f"{self._client.base_url}: {_message(response)}: see --token and FOREBEAR_TOKEN", Code.WRONG)
        if response.status_code in (503, 504):
            raise Interrupted(_message(response))
        return response

    def _object(self, response: httpx.Response) -> dict[str, Any]:
        try:
            return msgspec.json.decode(response.content, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise Failure(
                f"{self._client.base_url} is no Forebear: it answered {response.status_code} without JSON", Code.UNREACHABLE
            ) from None


def _message(response: httpx.Response) -> str:
    try:
        return str(msgspec.json.decode(response.content)["errors"][0]["message"])
    except (msgspec.MsgspecError, LookupError, TypeError):
        return f"status {response.status_code}"


def _together(reports: Sequence[Line]) -> Line:
    """Return the last report, with the rejections of all."""
    last = reports[-1]
    last.rejections = [rejection for report in reports for rejection in report.rejections]
    return last


def _whole(outcome: Mapping[str, Any]) -> Line:
    """Return an outcome of one transaction as the last report of a stream."""
    from forebear.record.stream import Line

    kinds = {each["kind"]: each["facts"] for each in outcome.get("kinds", ())}
    return msgspec.convert({**outcome, "kinds": kinds, "through": sum(kinds.values()), "done": True}, Line)


def _json(value: object) -> bytes:
    """Return JSON as the service reads it.

    Numbers that JSON lacks stay as they are, so that the service can name their place.
    """
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
