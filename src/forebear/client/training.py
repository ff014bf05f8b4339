"""A training run as a block of a program: what surrounds it, its checkpoints, and how it ends."""

from __future__ import annotations

import logging
import math
import os
import queue
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from forebear.client import surroundings
from forebear.client.content import Content
from forebear.client.delivery import deliver
from forebear.client.documents import document, plain
from forebear.client.errors import RegistryError, Unreachable
from forebear.client.service import FIRST_PAUSE, Service
from forebear.client.spool import Spool
from forebear.graph.declaration import Fact, Node
from forebear.graph.facts import Facts
from forebear.graph.ids import escape, named_id, nameof
from forebear.graph.kinds import GRAPH
from forebear.graph.kinds.training import Checkpoint, Run, RunStatus
from forebear.graph.rows import InvalidFact

WAIT = 5.0
"""How long the end of a block waits at most for digests and for the registry, in seconds."""

LONGEST_PAUSE = 60.0
"""The longest pause before facts are sent again, in seconds."""

DataEnd = str | Mapping[str, Any]
"""A dataset version that a run is trained on: its id, the end of an edge with its properties, or its fact."""

_FACTS = Facts(GRAPH)
_log = logging.getLogger("forebear.client")


class TrainingRun:
    """A training run that records itself. `Registry.run` makes it.

    Nothing of it raises, waits for the registry, or computes a digest in the caller's thread: what it cannot record, it logs
    (`forebear.client`). Only one process of a distributed run records, that of rank 0.
    """

    def __init__(
        self,
        spool: Spool,
        connect: Callable[[], Service],
        name: str,
        *,
        trained_on: DataEnd | Iterable[DataEnd],
        configuration: Any,
        code: bool | str,
        environment: bool | str,
        image: bool | str,
        compute: bool | str,
        seed: bool | int,
        resumed: bool | None,
        values: Mapping[str, Any],
    ) -> None:
        """Raises `ValueError` with every reason if the run's own fact cannot be right, and `TypeError`."""
        self.id = name if name.startswith("run:") else named_id("run", name)
        self.metrics: dict[str, Any] = {}
        """The run's final metrics. They are recorded when the block ends."""
        self.active = surroundings.rank() == 0
        """Whether this process records."""
        self._folder = surroundings.here()
        self._spool = spool
        self._connect = connect
        self._image = image
        self._readings: dict[str, Callable[[], Node | None]] = {}
        data = [trained_on] if isinstance(trained_on, (str, Mapping)) else [*trained_on]
        named = dict(values)
        for edge, given, read in (
            ("ran", code, self._code),
            ("in_environment", environment, self._environment),
            ("on_compute", compute, surroundings.compute),
        ):
            if given is True:
                self._readings[edge] = read
            elif given:
                named[edge] = [given]
        chosen = surroundings.seed(configuration) if seed is True else None if seed is False else seed
        if chosen is not None:
            named["seed"] = chosen
        if configuration is not None:
            named["configuration"] = readable(configuration)
        if not (surroundings.restarted() if resumed is None else resumed):
            named["started_at"] = datetime.now(UTC)
        self._begin = [document(each) for each in data if isinstance(each, Node)]
        self._begin.append(document(Run(self.id, trained_on=data, **named)))
        for each in self._begin:
            try:
                _FACTS.read(each)
            except InvalidFact as error:
                raise ValueError(f"{each['id']}: {'; '.join(error.reasons)}") from None
        self._telling = threading.Lock()
        self._held: list[dict[str, Any]] = []
        """Facts that found the spool locked by a process that hangs. They are told with the next ones."""
        self._told = threading.Event()
        self._ended = threading.Event()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._pending: list[str] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        if self.active:
            self._quietly(self._start)
        return self

    def _start(self) -> None:
        self._tell(*self._begin, Run(self.id, status=RunStatus.RUNNING, as_of=datetime.now(UTC)))
        for edge, read in self._readings.items():
            self._work.put(partial(self._surround, edge, read))
        for work in (self._read, self._deliver):
            thread = threading.Thread(target=work, name=f"forebear {self.id}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Tell how it ended, and wait for digests and for the registry, for `WAIT` seconds at most."""
        if self.active:
            self._quietly(partial(self._end, error))

    def _end(self, error: BaseException | None) -> None:
        deadline = time.monotonic() + WAIT
        values: dict[str, Any] = {"status": status_of(error)}
        if values["status"] is RunStatus.FAILED:
            values["error"] = class_of(error)
        now = datetime.now(UTC)
        self._tell(Run(self.id, ended_at=now, as_of=now, **values))
        if self.metrics:
            # Apart, so that the status is told even if these are refused.
            self._quietly(lambda: self._tell(Run(self.id, metrics=readable(self.metrics), as_of=now)))
        self._work.put(None)
        for thread in self._threads[:1]:
            thread.join(max(0, deadline - time.monotonic()))
        if self._pending:
            _log.warning("%s: no digest is known yet of %s", self.id, ", ".join(self._pending))
        self._ended.set()
        self._told.set()
        for thread in self._threads[1:]:
            thread.join(max(0, deadline - time.monotonic()))
        if self._spool.waiting(1):
            _log.warning("facts wait in the spool for %s: `forebear spool flush` sends them", self._spool.url)

    def checkpoint(
        self, path: str | os.PathLike[str], step: int, *, metrics: Mapping[str, Any] | None = None, name: str | None = None
    ) -> str:
        """Record a checkpoint: a file, a folder, or a URI. Returns its id, `checkpoint:RUN/step-STEP` unless it has a name.

        The digest of a file or a folder is computed in a thread, if nobody writes to it meanwhile.
        """
        id = (
            name
            if name and name.startswith("checkpoint:")
            else f"checkpoint:{escape(name or f'{nameof(self.id)}/step-{step}')}"
        )
        if self.active:
            self._quietly(lambda: self._checkpoint(id, os.fspath(path), step, metrics))
        return id

    def record(self, *facts: Fact) -> None:
        """Record facts beside the run, by way of the spool: in order, and also if the registry is away."""
        if self.active:
            self._tell(*facts)

    # ── what is told ────────────────────────────────────────────────────────────────────────────────────

    def _checkpoint(self, id: str, path: str, step: int, metrics: Mapping[str, Any] | None) -> None:
        values: dict[str, Any] = {"step": step, "produced_by": self.id}
        if metrics:
            values["metrics"] = readable(metrics)
        content = None
        if "://" in path:
            values["uri"] = path
        else:
            values["uri"] = Path(path).absolute().as_uri()
            try:
                content = Content.of(Path(path))
            except OSError as error:
                _log.warning("%s gets no digest: %s", id, error)
        self._tell(Checkpoint(id, **values))
        if content:
            self._pending.append(id)
            self._work.put(partial(self._digest, id, content))

    def _digest(self, id: str, content: Content) -> None:
        try:
            self._tell(Checkpoint(id, digest=content.digest()))
        finally:
            self._pending.remove(id)

    def _surround(self, edge: str, read: Callable[[], Node | None]) -> None:
        node = read()
        if node is None:
            _log.info("%s: nothing is known of %s", self.id, edge)
        else:
            self._tell(node, Run(self.id, **{edge: [node]}))

    def _code(self) -> Node | None:
        return surroundings.code(self._folder)

    def _environment(self) -> Node:
        image = surroundings.container_image() if self._image is True else self._image or None
        return surroundings.environment(self._folder, image=image)

    def _tell(self, *facts: Fact) -> None:
        """Put facts into the spool, behind those that found it locked before."""

        def work() -> None:
            documents = [document(fact) for fact in facts]
            with self._telling:
                self._held += documents
                try:
                    self._spool.add(self._held)
                except TimeoutError:
                    raise
                except OSError:
                    self._held.clear()
                    raise
                self._held.clear()
            self._told.set()

        self._quietly(work)

    def _quietly(self, work: Callable[[], None]) -> None:
        """Do something. What goes wrong is logged: the training must not end because of it."""
        try:
            work()
        except Exception as error:
            _log.warning(
                "%s: not recorded: %s", self.id, error, exc_info=not isinstance(error, (OSError, TypeError, ValueError))
            )

    # ── threads ─────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> None:
        """Read surroundings and digests, one after the other, until the block ends."""
        while work := self._work.get():
            self._quietly(work)

    def _deliver(self) -> None:
        """Send what is in the spool whenever something was told, until the block ends; once more then."""
        pause, ended = FIRST_PAUSE, False
        with closing(self._connect()) as service:
            while not ended:
                self._told.wait()
                self._told.clear()
                ended = self._ended.is_set()
                try:
                    for fact in deliver(self._spool, service, 0).refused:
                        _log.warning("%s was refused: %s", fact.fact.get("id"), "; ".join(fact.reasons))
                    pause = FIRST_PAUSE
                except Unreachable:
                    self._ended.wait(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                    self._told.set()
                except Exception as error:
                    expected = isinstance(error, (RegistryError, OSError))
                    _log.warning("%s: nothing is sent: %s", self.id, error, exc_info=not expected)


def status_of(error: BaseException | None) -> RunStatus:
    """Return how a run ended that an error left, or none."""
    match error:
        case None | SystemExit(code=None | 0):
            return RunStatus.SUCCEEDED
        case KeyboardInterrupt() | GeneratorExit():
            return RunStatus.CANCELLED
    return RunStatus.FAILED


def class_of(error: BaseException | None) -> str:
    """Return the name of an error's class, with its module unless that is Python's own."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def readable(value: Any) -> Any:
    """Return a value as JSON, whatever it is: what JSON lacks becomes text, such as a number that is not finite.

    >>> readable({"lr": 3e-4, "clip": float("inf"), 1: {"size": (64, 64)}})
    {'lr': 0.0003, 'clip': 'inf', '1': {'size': [64, 64]}}
    """
    match value:
        case float():
            return float(value) if math.isfinite(value) else str(value)
        case Mapping():
            return {str(name): readable(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [readable(each) for each in value]
        case Namespace():
            return readable(vars(value))
    if is_dataclass(value) and not isinstance(value, type):
        return readable(asdict(value))
    try:
        return plain(value)
    except (TypeError, ValueError):
        # A number of NumPy or PyTorch gives its own as Python's.
        item = getattr(value, "item", None)
        return readable(item()) if callable(item) and getattr(value, "ndim", None) == 0 else str(value)
