"""The hand-written Cypher files. Each is read once, and its rules are expanded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path

from forebear.graph.complaint import meant, shown
from forebear.graph.declaration import Graph
from forebear.graph.kinds import GRAPH
from forebear.graph.query import browser
from forebear.graph.query.dialect import Dialect, Engine, InvalidStatement
from forebear.graph.query.header import PARAMETERS, Header, InvalidHeader, Parameter, read
from forebear.graph.query.node_question import of_nodes
from forebear.graph.query.pattern import misbegun, undeclared
from forebear.graph.query.question import Question, parse
from forebear.graph.query.rule import Rules


def directory(name: str) -> Path:
    """Return a directory that is shipped with the package: beside `src`, or inside the installed package."""
    package = Path(__file__).parent.parent
    checkout = package.parent.parent / name
    return checkout if (package.parent.parent / "pyproject.toml").is_file() else package / name


@cache
def rules() -> Rules:
    """Return the rules in `cypher/rules`. Raises `InvalidStatement`."""
    files = (directory("cypher") / "rules").glob("*.cypher")
    return Rules({file.stem: file.read_text("utf-8") for file in sorted(files)})


def questions(graph: Graph, folder: Path | None = None, only: str | None = None) -> list[Question]:
    """Return the questions in `cypher/questions`, by name, or `only` the one of a name. Raises `InvalidStatement`."""
    files = sorted((folder or directory("cypher") / "questions").glob("*.cypher"))
    parsed = [_valid(parse(file.stem, expanded(file), graph), graph) for file in files if only in (None, file.stem)]
    for question in parsed:
        for asked in of_nodes(question, graph):
            _valid(asked, graph)
    return parsed


def _valid(question: Question, graph: Graph) -> Question:
    """Return a question whose statement names only what is declared, and has a form as known if it may be asked so.

    Raises `InvalidStatement`, which names the file.
    """
    try:
        if wrong := undeclared(question.text, graph):
            raise InvalidStatement(wrong)
        if not question.timeless and not question.moments:
            Dialect(graph, Engine.EMBEDDED).rewrite(question.text, as_known=True)
    except InvalidStatement as error:
        raise InvalidStatement(f"{question.name}.cypher: {error}") from None
    return question


def expanded(file: Path) -> str:
    """Return the text of a file with its rules expanded. Raises `InvalidStatement`, which names file and line."""
    return rules().expand(file.name, file.read_text("utf-8"))


@dataclass(frozen=True)
class FactsStatement:
    """A statement that reads, under locks, the facts of a decision.

    `gathered`: its parameters are members of one map, `$input`. Neo4j plans a statement again for each type of another
    parameter, a null included, and for each order of magnitude of a list. For the largest that takes seconds. The embedded
    engine keeps no such plans, but it finds a node by its index only if the id is a parameter itself.

    A text that is left out, such as an id, is the empty text, which is no node's id: the embedded engine looks for a null at
    every node of the kind.
    """

    name: str
    text: str
    parameters: tuple[Parameter, ...]
    gathered: bool
    doc: str = ""
    rewritten: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """Returns the statement as of `$asKnownAt`."""

    @cached_property
    def as_known(self) -> str:
        """The statement without its locks, as of `$asKnownAt`. Raises `InvalidStatement` if it has no such form."""
        assert self.rewritten is not None
        return unlocked(self.rewritten())

    @property
    def unlocked(self) -> str:
        """The statement without its locks, for questions."""
        return unlocked(self.text)

    def known(self, parameters: Mapping[str, object], at: str) -> dict[str, object]:
        """Return the parameters of `as_known` for a moment, from those of `bound`."""
        at_moment = {"asKnownAt": at}
        if self.gathered:
            return {"input": {**parameters.get("input", {}), **at_moment}}  # type: ignore[dict-item]
        return {**parameters, **at_moment}

    @cached_property
    def locks(self) -> tuple[str, ...]:
        """The kinds of the nodes that it locks, in its order. Raises `InvalidStatement` if no pattern gives a node's kind."""
        kinds: list[str] = []
        for name in _LOCK.findall(self.text):
            kind = re.search(rf"\({name}:(\w+)", self.text)
            if kind is None:
                raise InvalidStatement(f"{self.name}_facts.cypher: it locks {name}, whose kind no pattern says")
            kinds.append(kind[1])
        return tuple(kinds)

    def bound(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Return its parameters out of some arguments. Raises `InvalidStatement`.

        A parameter without an argument has the default of the header. A required one without a default needs an argument.
        """
        if absent := {p.name for p in self.parameters if _is_required(p)} - arguments.keys():
            raise InvalidStatement(f"{self.name}_facts.cypher: nothing was given for ${min(absent)}")
        values = {p.name: arguments.get(p.name) for p in self.parameters}
        parameters = {p.name: _absent(p) if values[p.name] is None else values[p.name] for p in self.parameters}
        return {"input": parameters} if self.gathered and parameters else parameters


def _is_required(parameter: Parameter) -> bool:
    return parameter.type.required and parameter.default is None


def _absent(parameter: Parameter) -> object:
    """Return the value of a parameter without an argument."""
    if parameter.default is not None:
        return json.loads(parameter.default)
    return "" if parameter.type.name in ("ID", "String") and not parameter.type.many else None


def unlocked(text: str) -> str:
    """Return a statement without its locks."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("REMOVE "))


_LOCK = re.compile(r"^\s*REMOVE (\w+)\.lock", re.M)
_PARAMETER = re.compile(r"\$(\w+)")


def facts(engine: Engine, folder: Path | None = None) -> dict[str, FactsStatement]:
    """Return the statements `cypher/actions/<name>_facts.cypher` for an engine, by name. Raises `InvalidStatement`."""
    files = sorted((folder or directory("cypher") / "actions").glob("*_facts.cypher"))
    return {statement.name: statement for statement in (_facts(file, engine) for file in files)}


def _facts(file: Path, engine: Engine) -> FactsStatement:
    text, header = _checked(file)
    gathered = engine is Engine.NEO4J

    def sent(*, as_known: bool) -> str:
        marked = as_known or "MATCH walk = " in text or "/* " in text
        rewritten = Dialect(GRAPH, engine).rewrite(text, as_known=as_known) if marked else text
        return _PARAMETER.sub(r"$input.\1", rewritten) if gathered else rewritten

    known = partial(sent, as_known=True)
    name = file.stem.removesuffix("_facts")
    return FactsStatement(name, sent(as_known=False), tuple(header.parameters), gathered, header.doc, known)


@cache
def statements(folder: str) -> Mapping[str, str]:
    """Return the texts of the statements in a folder of `cypher`, by name. Raises `InvalidStatement`."""
    return {file.stem: _checked(file)[0] for file in sorted((directory("cypher") / folder).glob("*.cypher"))}


class NoSuchStatement(LookupError):
    """A name that no question and no facts file has."""


def names() -> list[str]:
    """Return the names of the files whose statements `whole` prints: questions first, then facts."""
    folders = (directory("cypher") / "questions", "*"), (directory("cypher") / "actions", "*_facts")
    return [file.stem for folder, of in folders for file in sorted(folder.glob(f"{of}.cypher"))]


def whole(name: str, graph: Graph, engine: Engine, now: str, *, as_known: bool = False) -> str:
    """Return the statement of a question or of facts for Neo4j Browser, with a value for each parameter.

    `name` is that of the file. A question may also be named as its field or its command. Raises `NoSuchStatement`, and
    `InvalidStatement` if the statement has no form `as_known`.
    """
    stem = re.sub(r"[A-Z]", lambda m: f"_{m[0].lower()}", name).replace("-", "_")
    if stem not in (every := names()):
        raise NoSuchStatement(
            f"no question or facts are called {shown(name)}{meant(stem, every) or '.'} There are {', '.join(every)}."
        )
    if (file := directory("cypher") / "questions" / f"{stem}.cypher").is_file():
        question = parse(stem, expanded(file), graph)
        return browser.of_question(question, graph, Dialect(graph, engine), now, as_known=as_known)
    if as_known:
        raise InvalidStatement(f"{stem} are read for a decision, so there is no statement of them as they were known")
    statement = _facts(directory("cypher") / "actions" / f"{stem}.cypher", engine)
    values = statement.bound({p.name: browser.example(p, graph, now) for p in statement.parameters})
    return browser.printed(stem, statement.doc, statement.parameters, values, statement.text)


def _checked(file: Path) -> tuple[str, Header]:
    """Return a statement without its header, and the header. Raises `InvalidStatement`."""
    source = expanded(file)
    try:
        header = read(source, PARAMETERS)
    except InvalidHeader as error:
        raise InvalidStatement(f"{file.name}:{error}") from None
    text = "\n".join(line for line in source.splitlines() if not line.startswith("//")).strip()
    if odd := {p.name for p in header.parameters} ^ {*_PARAMETER.findall(text)}:
        raise InvalidStatement(f"{file.name}: parameter ${min(odd)} is declared or used alone")
    if wrong := misbegun(text):
        raise InvalidStatement(f"{file.name}: {wrong}")
    return text, header
