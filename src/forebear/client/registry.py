"""A registry as a program uses it: it records facts, acts, and asks."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from forebear.client.delivery import Delivered, deliver
from forebear.client.documents import document, plain, variables
from forebear.client.errors import FactsRejected, OutOfDate, QueryFailed, Refusal, RejectedFact
from forebear.client.service import Service
from forebear.client.spool import Spool, default_folder
from forebear.client.training import DataEnd, TrainingRun
from forebear.domain.outcome import Done, Option, Planned, Reason
from forebear.graph.complaint import meant
from forebear.graph.declaration import Fact, camel
from forebear.verbs.verb import Verb
from forebear.view.actions import mutation
from forebear.view.actors import MAY

PATIENCE = 10.0
"""For how many seconds a request is repeated by default before it is given up."""

_MUTATES = re.compile(r"\bmutation\b")


class Recorded(msgspec.Struct, frozen=True, rename="camel"):
    """What came of recording facts."""

    described: int
    """The number of nodes that a fact described for the first time."""
    connected: int
    """The number of new edges."""
    revised: int
    """The number of nodes and edges whose values changed."""
    updated: int
    """The number of other nodes with a new name, description, label, owner or external id."""
    retracted: int
    undescribed: tuple[str, ...] = ()
    """Ids that edges name and that no fact has described yet, at most 100."""
    undescribed_count: int = 0
    rejections: tuple[RejectedFact, ...] = ()
    """The facts that were left out, if `partial` allowed it."""


class Registry:
    """A registry at a URL. It may be used from several threads, and as a context that closes its connections.

    Every method raises `RegistryError`, most often one of its subclasses. It repeats a request that may succeed later,
    for `patience` seconds, always with the same idempotency key.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        patience: float = PATIENCE,
        spool: str | os.PathLike[str] | None = None,
    ) -> None:
        """Name the service and who asks: by default FOREBEAR_URL and FOREBEAR_TOKEN. No request is sent.

        `spool` is the folder where facts of runs wait for the registry, by default FOREBEAR_SPOOL or one of the user's.
        Raises `ValueError` if there is no URL, or if URL or token can be none.
        """
        url = url or os.environ.get("FOREBEAR_URL")
        if not url:
            raise ValueError("url: name the service, such as http://127.0.0.1:8080, or set FOREBEAR_URL")
        self._connect = partial(Service, url, token or os.environ.get("FOREBEAR_TOKEN"))
        self._service = self._connect()
        self._patience = patience
        self._spool = None if spool is None else Path(spool)
        self._reads: bool | None = None
        self._questions: dict[str, Mapping[str, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def record(self, *facts: Fact, partial: bool = False, source: str = "client") -> Recorded:
        """Record facts in one transaction: instances of kinds, or documents.

            registry.record(DatasetVersion("dataset:demos@3", episodes=1200), Run("run:a", trained_on=["dataset:demos@3"]))

        If the registry rejects one, it records none and `FactsRejected` says why; with `partial` it leaves those out. The same
        facts again change nothing.
        """
        query = {"partial": "true" if partial else "false", "source": source}
        answer = self._service.post("/facts", [document(fact) for fact in facts], self._patience, query)
        if "described" not in answer:
            raise FactsRejected(msgspec.convert(answer["rejections"], list[RejectedFact]))
        return msgspec.convert(answer, Recorded)

    def do(
        self, verb: Verb[Any], *, idempotency_key: str | None = None, expected_revision: int | None = None
    ) -> Done | Planned:
        """Do an action. The answer is `Planned` for a dry run. Raises `Refusal` with every reason, and `OutOfDate`.

            registry.do(Approve(release="release:arm@3/cells", reason="It holds."))

        Give a key if the program may be killed and do the same again: by default each call has a key of its own. Without
        the right to read, subject and decisions of the answer are empty.
        """
        name = verb.action.name
        values = {
            **variables(verb),
            "idempotencyKey": idempotency_key or uuid.uuid4().hex,
            "expectedRevision": expected_revision,
            "reads": self._may_read(),
        }
        outcome = self._asked(mutation(name, verb.members), values, self._patience)[name]
        decisions = tuple(decision["id"] for decision in outcome.get("decisions", ()))
        match outcome["__typename"]:
            case "Refused":
                raise Refusal(name, msgspec.convert(outcome["reasons"], list[Reason]), decisions)
            case "Conflict":
                raise OutOfDate(name, outcome["expected"], outcome["revision"])
            case "Planned":
                return Planned(outcome["changes"], msgspec.convert(outcome["considered"], tuple[Option, ...]))
        subject = (outcome.get("subject") or {"id": ""})["id"]
        changed, undescribed = tuple(outcome["changed"]), tuple(outcome["undescribed"])
        return Done(subject, decisions, changed, outcome["unchanged"], undescribed)

    def run(
        self,
        name: str,
        *,
        trained_on: DataEnd | Iterable[DataEnd] = (),
        configuration: Any = None,
        code: bool | str = True,
        environment: bool | str = True,
        image: bool | str = True,
        compute: bool | str = True,
        seed: bool | int = True,
        resumed: bool | None = None,
        **values: Any,
    ) -> TrainingRun:
        """Return a training run, as a context: it records what surrounds the block, its checkpoints, and how it ends.

            with registry.run("bc-42", trained_on=["dataset:demos@3"], configuration=config) as run:
                run.checkpoint("out/step-1000.safetensors", step=1000)

        `trained_on` are ids, ends of edges such as `{"id": …, "weight": 0.5}`, or dataset versions, which it records as well.
        `configuration` may be anything: what JSON lacks becomes text. Code, environment (with the container image), compute
        and seed are read from where they stand; `False` leaves one out, and an id, a name or a number takes its place.
        `resumed` says that the run began before and goes on, by default what torchrun or Slurm says. `values` are further
        properties and edges of the run, such as `experiment`.

        Raises `ValueError` or `TypeError` if one of these cannot be right, whether the registry can be reached or not. From
        then on no exception of the client leaves the block: see docs/how-to/record-training.md.
        """
        return TrainingRun(
            self._spool_of_url(),
            # It sends in a thread of its own, also when this registry is closed.
            self._connect,
            name,
            trained_on=trained_on,
            configuration=configuration,
            code=code,
            environment=environment,
            image=image,
            compute=compute,
            seed=seed,
            resumed=resumed,
            values=values,
        )

    def keep(self, *facts: Fact) -> None:
        """Put facts into the spool, from where `flush` sends them in order, now or later. Raises `OSError`."""
        self._spool_of_url().add([document(fact) for fact in facts])

    def flush(self) -> Delivered:
        """Send what runs have told and what still waits in the spool, of this program and of others, and wait for it.

        What the registry refuses moves aside, and is in the answer. Raises `OSError` if the spool cannot be used.
        """
        return deliver(self._spool_of_url(), self._service, self._patience)

    def query(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the data that answers a GraphQL operation. Raises `QueryFailed` if it has errors.

        A document with a mutation is sent once: nobody knows here whether a repetition would do it twice.
        """
        return self._asked(document, plain(variables or {}), 0 if _MUTATES.search(document) else self._patience)

    def ask(self, question: str, **arguments: Any) -> Any:
        """Return the whole answer to a question, by its name and its arguments (docs/reference/questions.md).

            registry.ask("whatWasRunning", place="robot:ur-04", at=datetime(2026, 7, 15, 12, tzinfo=UTC))

        A list is answered as `{"totalCount", "nodes"}`, and `first` says how many. A question about a kind of node takes its
        `id`. An argument that is a word of Python ends with `_`. Raises `TypeError` if the question has no such argument.
        """
        asked = self._questions.get(question)
        if asked is None:
            asked = self._questions[question] = self._service.get(f"/schema/question/{question}", self._patience)
        values = {camel(name.rstrip("_")): value for name, value in arguments.items()}
        if unknown := [name for name in values if name not in asked["arguments"]]:
            raise TypeError(f"{question} has no argument {unknown[0]}{meant(unknown[0], asked['arguments'])}")
        answer: Any = self._asked(asked["document"], plain(values), self._patience)
        for step in asked["path"]:
            answer = answer and answer[step]
        return answer

    def _spool_of_url(self) -> Spool:
        return Spool(self._spool or default_folder(), self._service.url)

    def _may_read(self) -> bool:
        """Return whether the actor may read. It is asked once."""
        if self._reads is None:
            self._reads = "query" in self._asked(MAY, {}, self._patience)["me"]["may"]
        return self._reads

    def _asked(self, document: str, variables: Mapping[str, Any], patience: float) -> dict[str, Any]:
        answer = self._service.post("/graphql", {"query": document, "variables": variables}, patience)
        if errors := answer.get("errors"):
            raise QueryFailed(errors, answer.get("data"))
        data: dict[str, Any] = answer["data"]
        return data
