"""Declaring a verb: one class, with its input, who may do it, the facts that it reads, and its decision."""

from __future__ import annotations

import secrets
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Generic, Self, TypeVar, dataclass_transform

import msgspec

from forebear.domain.outcome import Reason, Ruling
from forebear.domain.roles import Actor, Role, against, against_within
from forebear.graph.declaration import DeclarationError, Value, camel, prop
from forebear.graph.rows import NodeRow
from forebear.verbs.fact import Document, VerbRequest

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class DecisionFacts:
    """The facts that a decision reads besides the input. A subclass adds the rows of statements.

    Each attribute that a subclass adds is called as a file `cypher/actions/<name>_facts.cypher`: a list of rows, or the row
    of a statement that always answers one. The files are read in the order of the attributes.

        @dataclass(frozen=True)
        class ArchivalFacts(DecisionFacts):
            standing: list[StandingFactsRow]
            installed: InstalledFactsRow
    """

    actor: Actor
    now: str
    stepwise: ClassVar[bool] = False
    """Whether an action, too, reads its statements one after the other, because some follow from others (`follows`)."""

    described: Callable[[Mapping[str, Any]], NodeRow]
    """Returns the rows of a fact in the input: its values in the graph's form."""

    def new_ids(self, prefix: str, count: int) -> tuple[str, ...]:
        """Return new ids. They sort by the moment at which they were made, and then by their order."""
        at = f"{datetime.fromisoformat(self.now):%Y%m%dT%H%M%S%f}"
        return tuple(f"{prefix}:{at}-{n:03}-{secrets.token_hex(4)}" for n in range(count))

    @classmethod
    def follows(cls, input: Mapping[str, Any], rows: Mapping[str, Rows]) -> Mapping[str, object]:
        """Return parameters of the next statements that follow from the rows of those before, which `rows` holds by name."""
        return {}

    @classmethod
    @cache
    def statements(cls) -> Mapping[str, Any]:
        """Return the names of its facts statements in their order, each with the type of its attribute."""
        types = typing.get_type_hints(cls)
        return {f.name: types[f.name] for f in fields(cls)[len(fields(DecisionFacts)) :]}

    @classmethod
    def of(cls, rows: Mapping[str, Rows], actor: Actor, now: str, described: Callable[[Mapping[str, Any]], NodeRow]) -> Self:
        """Return the facts in their types, from the rows of the statements."""
        return cls(actor, now, described, **{name: _typed(rows[name], type) for name, type in cls.statements().items()})


def _typed(rows: Rows, type: Any) -> Any:
    if typing.get_origin(type) is list:
        return msgspec.convert(rows, type)
    (row,) = rows
    return msgspec.convert(row, type)


F = TypeVar("F", bound=DecisionFacts)


@dataclass(frozen=True)
class Action:
    """The declaration of a verb. GraphQL, the command line and governed facts are made from it."""

    name: str
    doc: str
    input: type[Verb[Any]]
    """The class. Its `members` are the arguments."""
    roles: frozenset[Role]
    """An actor needs one of these roles."""
    reads: type[DecisionFacts]
    takes: tuple[str, ...]
    """The governed kinds of the facts that this verb takes."""

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts statements of its decision, in the order in which they run and lock."""
        return tuple(self.reads.statements())


@dataclass_transform(kw_only_default=True, field_specifiers=(prop,))
class Verb(Value, Generic[F]):
    """A verb: subclass it, one class a verb.

        class Reject(Verb[ReleaseFacts], roles="APPROVER", takes=("Decision",)):
            \"\"\"Decides against a release that is not approved.\"\"\"

            release: str = prop("The release.", names=("Release",))

            def decide(self, facts: ReleaseFacts) -> Ruling: ...

    The docstring and the `prop` members are the mutation and the command. `roles` may do it, and `F` says which facts it
    reads. An instance is one request. A class without `roles` is no verb, but what several verbs have in common. A verb is
    called as its class, unless `called` gives it another name.
    """

    action: ClassVar[Action]
    attributes: ClassVar[Mapping[str, str]] = {}
    """The attribute that holds each member, by the member's name."""

    def __init_subclass__(cls, *, roles: str = "", takes: tuple[str, ...] = (), called: str = "") -> None:
        super().__init_subclass__()
        own = {camel(attribute): attribute for attribute in vars(cls).get("__annotations__", {})}
        cls.attributes = {**cls.attributes, **{name: own[name] for name in own if name in {p.name for p in cls.members}}}
        if clash := sorted({*own.values()} & {*vars(Verb)}):
            raise DeclarationError(f"{cls.__name__}.{clash[0]}: a verb's members may not be called so")
        if not roles:
            return
        if not (cls.__doc__ or "").strip():
            raise DeclarationError(f"{cls.__name__} has no docstring: say what it does")
        if unknown := [name for name in roles.split() if name not in Role.__members__]:
            raise DeclarationError(
                f"{cls.__name__}: no role is called {unknown[0]}; the roles are {', '.join(Role.__members__)}"
            )
        cls.action = Action(
            name=called or cls.__name__[0].lower() + cls.__name__[1:],
            doc=" ".join((cls.__doc__ or "").split()),
            input=cls,
            roles=frozenset(Role[name] for name in roles.split()),
            reads=_reads(cls),
            takes=takes,
        )
        if cls.decide is Verb.decide:
            raise DeclarationError(f"{cls.__name__} has no method decide(self, facts)")
        if takes and not any("of_fact" in vars(base) for base in cls.__mro__[: cls.__mro__.index(Verb)]):
            raise DeclarationError(f"{cls.__name__} takes facts of {takes[0]}, but has no classmethod of_fact(cls, fact)")

    def __init__(self, **values: Any) -> None:
        for p in self.members:
            attribute = self.attributes[p.name]
            if p.required and attribute not in values:
                raise TypeError(f"{type(self).__name__}: {attribute} is missing")
            setattr(self, attribute, values.pop(attribute, None))
        if values:
            raise TypeError(f"{type(self).__name__} has no {min(values)}")

    @classmethod
    def from_input(cls, input: Mapping[str, Any]) -> Self:
        """Return the request of a checked input: values by the names of the members, moments in the graph's form."""
        values: dict[str, Any] = {}
        for p in cls.members:
            value = input.get(p.name)
            if value is not None and p.type is datetime:
                value = datetime.fromisoformat(value)
            elif value is not None and p.is_enum:
                value = p.type(value)
            values[cls.attributes[p.name]] = value
        return cls(**values)

    def asks(self) -> Mapping[str, object]:
        """Return the parameters of the facts statements.

        A parameter that is called as a member of the input need not be named.
        """
        return {}

    def decide(self, facts: F) -> Ruling:
        """Decide. The decision is pure: it rests on the request and the facts alone."""
        raise NotImplementedError

    @classmethod
    def of_fact(cls, fact: Document) -> VerbRequest | None:
        """Return the request that a governed fact makes, or None if it is for another verb. Raises `NoAction`."""
        raise NotImplementedError

    @classmethod
    def refusal(cls, actor: Actor, lines: Iterable[str] | None = ()) -> Reason | None:
        """Return why the actor may not do it to these release lines, or None if it may; see `domain.roles.against`."""
        return against(actor, cls.action.name, cls.action.roles, lines)

    @classmethod
    def refusal_within(cls, actor: Actor, lines: Iterable[str]) -> Reason | None:
        """Return as `refusal` does; an actor whose lines are limited may not do what lies in no line."""
        return against_within(actor, cls.action.name, cls.action.roles, lines)


def _reads(cls: type) -> type[DecisionFacts]:
    """Return the facts that a verb's class names in brackets."""
    for base in getattr(cls, "__orig_bases__", ()):
        for argument in typing.get_args(base):
            if isinstance(argument, type) and issubclass(argument, DecisionFacts):
                return argument
    raise DeclarationError(f"{cls.__name__} does not say which facts it reads: class {cls.__name__}(Verb[…])")
