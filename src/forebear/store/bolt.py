"""Reading and writing the graph: one driver, one way to read, one way to write."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from time import perf_counter
from typing import Any, NoReturn, Self, TypeVar

import structlog
from neo4j import (
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncResult,
    AsyncTransaction,
    NotificationMinimumSeverity,
    Query,
)
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from forebear.graph.query.dialect import Engine
from forebear.settings import Settings
from forebear.store import meter
from forebear.store.embedded import EmbeddedEngine
from forebear.store.errors import (
    ConstraintViolated,
    EngineFailed,
    EngineUnavailable,
    StatementFailed,
    StatementTimeout,
    StatementTooLarge,
    StorageFull,
    StoreError,
    TransientFailure,
)
from forebear.store.java import DATABASE
from forebear.store.lanes import Lanes
from forebear.store.plans import Plans

T = TypeVar("T")
Row = dict[str, object]
Parameters = Mapping[str, object]

# Tries of one piece of work. Few, because the embedded engine calls being out of heap a deadlock.
TRIES_TRANSIENT = 8
TRIES_CONSTRAINT = 5
TRIES_CONNECTION = 3
FIRST_DELAY = 0.01

AT_ONCE = 100
"""How many rows are read before others have their turn."""

PLANNING_SECONDS = 120
"""How long the engine may plan one statement: Neo4j takes some ten seconds for the largest, and more on a busy machine."""

log = structlog.get_logger()


class _Transaction:
    def __init__(self, transaction: AsyncTransaction) -> None:
        self._transaction = transaction

    async def run(self, text: str, parameters: Parameters | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        values = _plain(parameters)
        with _timed(text):
            rows = await _rows(await self._transaction.run(text, values))
        _forget(values)
        return rows

    async def run_each(self, statements: Iterable[tuple[str, Parameters]]) -> list[list[Row]]:
        """Run several statements and return the rows of each.

        The next one is made and sent while the engine is busy with one. Its first error ends them all.
        """
        results = [
            (text, perf_counter(), values, await self._transaction.run(text, values))
            for text, values in ((text, _plain(parameters)) for text, parameters in statements)
        ]
        answers = []
        ended = 0.0
        for text, started, values, result in results:
            answers.append(await _rows(result))
            ended = _done(text, started, ended)
            _forget(values)
        return answers


class ReadTransaction(_Transaction):
    """Statements that see one state of the graph and must not change it."""


class WriteTransaction(_Transaction):
    """Statements that take effect together, or not at all."""

    async def finish(self, text: str, parameters: Parameters) -> None:
        """Run the last statement, whose rows nobody needs, and commit."""
        values = _plain(parameters)
        with _timed(text):
            await self._transaction.run(text, values)
            # The driver would wait for the rows before it sends COMMIT. The engine commits after them anyway.
            getattr(self._transaction, "_results", []).clear()
            await self._transaction.commit()
        _forget(values)

    async def undo(self) -> None:
        """End without effect."""
        await self._transaction.rollback()


class Store:
    """The graph. Every method raises only the errors of `forebear.store.errors`."""

    engine: Engine

    def __init__(self, driver: AsyncDriver, settings: Settings, embedded: EmbeddedEngine | None = None) -> None:
        self.engine = Engine.EMBEDDED if embedded else Engine.NEO4J
        self.embedded = embedded
        self._driver = driver
        self._read_seconds = settings.read_timeout
        self._write_seconds = settings.write_timeout
        options: dict[str, Any] = {
            "database": DATABASE if embedded else settings.graph_database,
            "fetch_size": -1,
        }
        if settings.graph_uri and settings.graph_uri.startswith("neo4j"):
            # In a cluster a read may go to a member that has not seen our last write yet.
            options["bookmark_manager"] = AsyncGraphDatabase.bookmark_manager()
        self._reading = options | {"default_access_mode": "READ"}
        self._writing = options | {"default_access_mode": "WRITE"}
        # The embedded engine goes on with a statement whose connection is gone until the engine's own limit.
        self._lanes = Lanes(settings.read_timeout if embedded else 0)
        self.plans = Plans(partial(self._explain, self._reading, PLANNING_SECONDS))
        # Racing MERGEs duplicate edges on the embedded engine, so its writes take turns.
        self._turn: AbstractAsyncContextManager[object] = asyncio.Lock() if embedded else nullcontext()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.plans.close()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the store that `settings` name, and close it at the end.

        Raises EngineFailed, EngineUnavailable or DataDirectoryInUse.
        """
        if settings.graph_uri is None:
            async with (
                EmbeddedEngine.start(settings.data_dir, settings.engine_heap, settings.read_timeout) as engine,
                _driver(engine.uri, ("root", engine.password)) as driver,
                cls(driver, settings, engine) as store,
            ):
                yield store
            return
        password = settings.graph_password
        auth = (settings.graph_user, password.get_secret_value()) if password else None
        try:
            driver = _driver(settings.graph_uri, auth)
        except (ConfigurationError, ValueError) as error:
            raise EngineFailed(f"FOREBEAR_GRAPH_URI cannot be used: {error}") from error
        async with driver, cls(driver, settings) as store:
            await store._check(settings)
            yield store

    @property
    def full(self) -> bool:
        """Whether the disk of the embedded engine is full. Neo4j's disk is elsewhere."""
        return self.embedded is not None and self.embedded.full

    async def read(self, text: str, parameters: Parameters | None = None, *, timeout: float | None = None) -> list[Row]:
        """Return all rows of one reading statement, within `timeout` seconds (default: the setting) after it is planned."""
        seconds = timeout or self._read_seconds
        await self.plans.ready(text, parameters or {})

        async def attempt(seconds: float) -> list[Row]:
            async with self._driver.session(**self._reading) as session:
                return await _rows(await session.run(Query(text, timeout=seconds), _plain(parameters)))

        try:
            async with self._lanes.place(text, seconds):
                with _timed(text):
                    async with _within(seconds):
                        return await self._retried(attempt, seconds)
        except StatementTimeout:
            self.plans.doubt(text)
            raise

    async def read_one(self, text: str, parameters: Parameters | None = None, *, timeout: float | None = None) -> Row | None:
        """Return the first row of one reading statement, or None. `timeout` is in seconds."""
        rows = await self.read(text, parameters, timeout=timeout)
        return rows[0] if rows else None

    async def write(self, work: Callable[[WriteTransaction], Awaitable[T]], *, timeout: float | None = None) -> T:
        """Call `work` in a transaction, commit, and return its result.

        `work` is called again, in a new transaction, after a transient failure. `timeout` in seconds is for all of it, with the
        wait for a turn.
        """

        async def attempt(seconds: float) -> T:
            async with self._driver.session(**self._writing) as session:
                # BEGIN travels with the first statement, as in the driver's own `execute_query`.
                with getattr(session, "_pipelined_begin", nullcontext()):
                    transaction = await session.begin_transaction(timeout=seconds)
                async with transaction:
                    result = await work(WriteTransaction(transaction))
                    if not transaction.closed():
                        await transaction.commit()
            return result

        seconds = timeout or self._write_seconds
        async with _within(seconds), self._turn:
            return await self._retried(attempt, seconds)

    async def plan(self, texts: Iterable[str], parameters: Parameters) -> None:
        """Have the engine plan writing statements, each within the write timeout, and run none of them.

        A Neo4j that has just started takes seconds for many new statements. Planned ahead, they cost their transaction nothing.
        """
        if not self.embedded:
            for text in texts:
                await self._explain(self._writing, self._write_seconds, text, parameters)

    async def _explain(self, options: Mapping[str, Any], seconds: float, text: str, parameters: Parameters) -> None:
        """Have the engine plan a statement, within so many seconds."""

        async def attempt(seconds: float) -> None:
            async with self._driver.session(**options) as session:
                # The embedded engine knows the word only with a blank behind it.
                await (await session.run(Query(f"EXPLAIN {text}", timeout=seconds), _plain(parameters))).consume()

        async with _within(seconds):
            await self._retried(attempt, seconds)

    @asynccontextmanager
    async def reading(self, *, timeout: float | None = None) -> AsyncIterator[ReadTransaction]:
        """Open several reads of one state of the graph, within `timeout` seconds together."""
        seconds = timeout or self._read_seconds
        try:
            async with (
                _within(seconds),
                self._driver.session(**self._reading) as session,
                await session.begin_transaction(timeout=seconds) as transaction,
            ):
                yield ReadTransaction(transaction)
        except (Neo4jError, DriverError) as error:
            self._fail(error, seconds)

    async def stream(self, text: str, parameters: Parameters | None = None, batch: int = 1000) -> AsyncIterator[Row]:
        """Return the rows of one statement as they come, at most `batch` of them in memory.

        The read timeout is for each row, since the reader decides how long the whole takes.
        """
        try:
            async with self._driver.session(**self._reading | {"fetch_size": batch}) as session:
                with _timed(text):
                    async with _within(self._read_seconds):
                        result = await session.run(text, _plain(parameters))
                rows = aiter(result)
                while True:
                    async with _within(self._read_seconds):
                        row = await anext(rows, None)
                    if row is None:
                        return
                    yield dict(zip(row.keys(), row, strict=True))
        except (Neo4jError, DriverError) as error:
            self._fail(error, self._read_seconds)

    async def _retried(self, attempt: Callable[[float], Awaitable[T]], seconds: float) -> T:
        delay = FIRST_DELAY
        tries = 0
        while True:
            try:
                return await attempt(seconds)
            except (Neo4jError, DriverError) as error:
                tries += 1
                if tries >= self._tries(error):
                    self._fail(error, seconds)
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))
            delay *= 2

    def _tries(self, error: Neo4jError | DriverError) -> int:
        if isinstance(error, IncompleteCommit) or _is_too_large(error):
            return 1
        if isinstance(error, (ServiceUnavailable, SessionExpired)):
            return TRIES_CONNECTION
        if isinstance(error, ConstraintError):
            # A MERGE that lost a race may fail so, on either engine. The next try finds the winner's node.
            return TRIES_CONSTRAINT
        return TRIES_TRANSIENT if error.is_retryable() else 1

    def _fail(self, error: Neo4jError | DriverError, seconds: float) -> NoReturn:
        raise self._meaning(error, seconds) from error

    def _meaning(self, error: Neo4jError | DriverError, seconds: float) -> StoreError:
        if self.embedded and self.embedded.failure:
            return EngineFailed(self.embedded.failure)
        if isinstance(error, (ServiceUnavailable, SessionExpired)):
            return EngineUnavailable(retry_after=1)
        if isinstance(error, ConstraintError):
            return ConstraintViolated()
        if _is_too_large(error):
            return StatementTooLarge()
        if error.is_retryable():
            return TransientFailure()
        if isinstance(error, Neo4jError) and "TimedOut" in (error.code or ""):
            return StatementTimeout(seconds)
        if self.full or (isinstance(error, Neo4jError) and "OutOfDiskSpace" in (error.code or "")):
            return StorageFull()
        log.error("statement refused", error=str(error))
        return StatementFailed()

    async def _check(self, settings: Settings) -> None:
        try:
            async with _within(settings.read_timeout), self._driver.session(**self._reading) as session:
                await (await session.run("RETURN 1")).consume()
        except (AuthError, ConfigurationError) as error:
            raise EngineFailed(
                f"The database refused FOREBEAR_GRAPH_USER or FOREBEAR_GRAPH_PASSWORD: {error.__class__.__name__}"
            ) from error
        except ClientError as error:
            raise EngineFailed(f"FOREBEAR_GRAPH_DATABASE={settings.graph_database} cannot be used: {error.message}") from error
        except (Neo4jError, DriverError) as error:
            raise EngineUnavailable(1, f"FOREBEAR_GRAPH_URI cannot be reached: {error}") from error


def _driver(uri: str, auth: tuple[str, str] | None) -> AsyncDriver:
    return AsyncGraphDatabase.driver(
        uri,
        auth=auth,
        connection_timeout=5,
        telemetry_disabled=True,
        notifications_min_severity=NotificationMinimumSeverity.OFF,
    )


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Cancel what takes longer: the driver then kills its connection, and so frees it.

    Neo4j looks for late transactions every two seconds only, and the embedded engine goes on with
    a statement whose connection is gone until it meets the one limit that it was started with, so
    the engines' own limits are for what is left behind.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise StatementTimeout(seconds) from error


def _is_too_large(error: Neo4jError | DriverError) -> bool:
    """Return whether a statement alone needed too much memory.

    Neo4j calls that a passing failure; the embedded engine does not say.
    """
    if not isinstance(error, Neo4jError):
        return False
    return "OutOfMemory" in (error.code or "") or "queryMaxHeapElementsAllowedPerOp" in (error.message or "")


class _Map(dict[str, Any]):
    """A map without a readable form: the driver formats all parameters for its log, even if it keeps none."""

    def __repr__(self) -> str:
        return "{…}"


def _plain(parameters: Parameters | None) -> dict[str, Any]:
    return {name: _Map(value) if isinstance(value, dict) else value for name, value in (parameters or {}).items()}


def _forget(parameters: Mapping[str, Any]) -> None:
    """Empty a statement's parameters: the driver's result, which holds them, is part of a cycle and outlives its use."""
    for value in parameters.values():
        if isinstance(value, _Map):
            value.clear()


async def _rows(result: AsyncResult) -> list[Row]:
    names = result.keys()
    rows: list[Row] = []
    while True:
        some = await result.fetch(AT_ONCE)
        rows += [dict(zip(names, row, strict=True)) for row in some]
        if len(some) < AT_ONCE:
            return rows
        # The driver reads on for as long as there is something to read, and lets nobody else do anything.
        await asyncio.sleep(0)


@contextmanager
def _timed(text: str) -> Iterator[None]:
    started = perf_counter()
    try:
        yield
    finally:
        _done(text, started)


def _done(text: str, started: float, before: float = 0.0) -> float:
    """Count a statement that has ended now: the time since the one `before` it, if they overlapped."""
    ended = perf_counter()
    meter.count(ended - max(started, before))
    log.debug("statement", text=text[:80], ms=round((ended - started) * 1000, 3))
    return ended
