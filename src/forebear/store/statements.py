"""The hand-written Cypher files: found, their rules expanded, and parsed once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from forebear.graph.complaint import meant, shown
from forebear.graph.declaration import Graph
from forebear.graph.query import browser
from forebear.graph.query.dialect import Dialect, Engine, InvalidStatement, misbegun
from forebear.graph.query.header import PARAMETERS, Header, InvalidHeader, Parameter, read
from forebear.graph.query.question import Question, parse
from forebear.graph.query.rule import Rules


def directory(name: str) -> Path:
    """A directory of the project that is shipped with the package: beside `src`, or inside the installed package."""
    package = Path(__file__).parent.parent
    checkout = package.parent.parent / name
    return checkout if (package.parent.parent / "pyproject.toml").is_file() else package / name


@cache
def rules() -> Rules:
    """The rules in `cypher/rules`. Raises `InvalidStatement`."""
    files = (directory("cypher") / "rules").glob("*.cypher")
    return Rules({file.stem: file.read_text("utf-8") for file in sorted(files)})


def questions(graph: Graph, folder: Path | None = None) -> list[Question]:
    """The questions in `cypher/questions`, by name. Raises `InvalidStatement`."""
    files = sorted((folder or directory("cypher") / "questions").glob("*.cypher"))
    return [parse(file.stem, expanded(file), graph) for file in files]


def expanded(file: Path) -> str:
    """The text of a file, with what its rules stand for. Raises `InvalidStatement`, naming file and line."""
    return rules().expand(file.name, file.read_text("utf-8"))


@dataclass(frozen=True)
class FactsStatement:
    """A statement that reads, under locks, what a decision rests on.

    `gathered`: whether its parameters are those of one map, `$asked`. Neo4j plans a statement anew for each type of another
    parameter, a null included, and each order of magnitude of a list: seconds, for the largest. The embedded engine keeps
    no such plans, but finds a node by its index only where the id is a parameter itself.

    A text that is not given, such as an id, is the empty one, which is no node's: the embedded engine looks for a null at
    every node of the kind.
    """

    name: str
    text: str
    parameters: tuple[Parameter, ...]
    gathered: bool
    doc: str = ""

    @property
    def unlocked(self) -> str:
        """The same without its locks, for those who only want to know."""
        return unlocked(self.text)

    @cached_property
    def locks(self) -> tuple[str, ...]:
        """The kinds of the nodes that it locks, in its order. Raises `InvalidStatement` where a node's kind is not written."""
        kinds: list[str] = []
        for name in _LOCK.findall(self.text):
            kind = re.search(rf"\({name}:(\w+)", self.text)
            if kind is None:
                raise InvalidStatement(f"{self.name}_facts.cypher: it locks {name}, whose kind no pattern says")
            kinds.append(kind[1])
        return tuple(kinds)

    def bound(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """The parameters that it takes, of those given. Raises `InvalidStatement`.

        A parameter that is not given has the default of the header. Without a default, it must be given if it is required.
        """
        if absent := {p.name for p in self.parameters if _is_required(p)} - arguments.keys():
            raise InvalidStatement(f"{self.name}_facts.cypher: nothing was given for ${min(absent)}")
        values = {p.name: arguments.get(p.name) for p in self.parameters}
        parameters = {p.name: _absent(p) if values[p.name] is None else values[p.name] for p in self.parameters}
        return {"asked": parameters} if self.gathered else parameters


def _is_required(parameter: Parameter) -> bool:
    return parameter.type.required and parameter.default is None


def _absent(parameter: Parameter) -> object:
    """What a parameter is where nothing is given."""
    if parameter.default is not None:
        return json.loads(parameter.default)
    return "" if parameter.type.name in ("ID", "String") and not parameter.type.many else None


def unlocked(text: str) -> str:
    """A statement without its locks."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("REMOVE "))


_LOCK = re.compile(r"^\s*REMOVE (\w+)\.lock", re.M)
_PARAMETER = re.compile(r"\$(\w+)")


def facts(engine: Engine, folder: Path | None = None) -> dict[str, FactsStatement]:
    """The statements `cypher/actions/<name>_facts.cypher` for an engine, by name. Raises `InvalidStatement`."""
    files = sorted((folder or directory("cypher") / "actions").glob("*_facts.cypher"))
    return {statement.name: statement for statement in (_facts(file, engine) for file in files)}


def _facts(file: Path, engine: Engine) -> FactsStatement:
    text, header = _checked(file)
    gathered = engine is Engine.NEO4J
    statement = _PARAMETER.sub(r"$asked.\1", text) if gathered else text
    return FactsStatement(file.stem.removesuffix("_facts"), statement, tuple(header.parameters), gathered, header.doc)


@cache
def statements(folder: str) -> Mapping[str, str]:
    """The texts of the statements in a folder of `cypher`, by name. Raises `InvalidStatement`."""
    return {file.stem: _checked(file)[0] for file in sorted((directory("cypher") / folder).glob("*.cypher"))}


class NoSuchStatement(LookupError):
    """A name that no question and no file of facts has."""


def names() -> list[str]:
    """The names of the files whose statements `whole` prints: questions first, then facts."""
    folders = (directory("cypher") / "questions", "*"), (directory("cypher") / "actions", "*_facts")
    return [file.stem for folder, of in folders for file in sorted(folder.glob(f"{of}.cypher"))]


def whole(name: str, graph: Graph, engine: Engine, now: str, *, as_known: bool = False) -> str:
    """The statement of a question or of facts as one runs it oneself, with a value for each parameter.

    `name` is that of the file; a question may be named as its field or its command as well. Raises `NoSuchStatement`, and
    `InvalidStatement` where there is no statement of it as it was known.
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
    """A statement without its header, and the header. Raises `InvalidStatement`."""
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
