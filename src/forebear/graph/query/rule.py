"""Rules: conditions and expressions of Cypher that have a name. Statements use them by it.

    // An interval holds at a moment: it has begun, and has not ended.
    //
    // parameter span: An edge or a node with `validFrom` and `validTo`.
    // parameter moment: The moment.
    span.validFrom <= moment AND coalesce(span.validTo > moment, true)

`WHERE holds(runs, $now) AND …` then means `WHERE runs.validFrom <= $now AND coalesce(runs.validTo > $now, true) AND …`.

Uses are expanded when a file is loaded, before anything else reads it. An expansion means the same wherever it stands: it
is put in parentheses where its neighbours would tear it apart, an argument likewise; what a rule binds inside, as in
`EXISTS { … }`, gets another name where the statement or an argument has that one already. Strings and comments stay as they
are, and so does the number of every line.

A rule is one expression and no clause, so it binds nothing for the statement around it. It uses its parameters and what it
binds itself, nothing else: no other variable, and no `$parameter` of a statement. Rules may use rules, in no circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from itertools import count

from forebear.graph.complaint import meant
from forebear.graph.query.dialect import InvalidStatement
from forebear.graph.query.header import RULE, InvalidHeader, read
from forebear.graph.query.lexer import Lexeme, Word, beside, closing, cut, source_of, stripped, tokens
from forebear.graph.query.mention import CLAUSES, SUBQUERIES, Mention, mentions, variables
from forebear.graph.query.pattern import misbegun


@dataclass(frozen=True)
class CypherRule:
    """A named condition or expression."""

    name: str
    doc: str
    parameters: Mapping[str, str]
    """Its parameters, in order, each with its meaning."""
    body: tuple[Lexeme, ...]
    """Its expression, with the rules that it uses expanded."""
    named: frozenset[str]
    """The parameters whose argument must be the name of a node or an edge, since patterns or properties use it."""
    bound: frozenset[str]
    """The variables that it binds inside."""

    @property
    def signature(self) -> str:
        """Its form, such as `holds(span, moment)`."""
        return f"{self.name}({', '.join(self.parameters)})"


_FUNCTIONS = frozenset([
    "abs", "acos", "all", "any", "asin", "atan", "atan2", "avg", "cbrt", "ceil", "char_length", "character_length", "coalesce",
    "collect", "cos", "cosh", "cot", "count", "coth", "date", "datetime", "degrees", "duration", "e", "elementid", "endnode",
    "exists", "exp", "floor", "haversin", "head", "id", "isempty", "isnan", "keys", "labels", "last", "left", "length",
    "localdatetime", "localtime", "log", "log10", "lower", "ltrim", "max", "min", "nodes", "none", "normalize", "nullif",
    "percentilecont", "percentiledisc", "pi", "point", "properties", "radians", "rand", "randomuuid", "range", "reduce",
    "relationships", "replace", "reverse", "right", "round", "rtrim", "shortestpath", "allshortestpaths", "sign", "sin",
    "single", "sinh", "size", "split", "sqrt", "startnode", "stdev", "stdevp", "substring", "sum", "tail", "tan", "tanh",
    "time", "timestamp", "toboolean", "tobooleanlist", "tobooleanornull", "tofloat", "tofloatlist", "tofloatornull",
    "tointeger", "tointegerlist", "tointegerornull", "tolower", "tostring", "tostringlist", "tostringornull", "toupper", "trim",
    "type", "upper", "valuetype",
])  # fmt: skip
"""The functions of Cypher, in small letters."""

_OPERATORS = frozenset(["and", "or", "xor", "not", "in", "where", "when", "then", "else", "case", "is"])
"""Keywords that a parenthesis may follow at once."""

_OTHERS = _FUNCTIONS | _OPERATORS
"""The names before a parenthesis that are no rules."""

WALK = frozenset(["walk", "depth"])
"""The names that the form of a walk needs (`graph/query/dialect.py`), so a rule keeps them. A statement that uses a rule with a
walk has its own walk behind it: these names are out of scope there."""

_WRITING = frozenset(["LOAD", "CREATE", "MERGE", "SET", "DELETE", "DETACH", "REMOVE", "FOREACH", "DROP", "INSERT"])


class Rules:
    """All rules, by name.

    Raises `InvalidStatement`, which names file and line, if a file is no rule or rules use each other in a circle.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        """`sources`: the text of each file, by its name without `.cypher`."""
        self._sources = sources
        self._loaded: dict[str, CypherRule] = {}
        self._loading: list[str] = []
        for name in sources:
            self._rule(name)

    def __iter__(self) -> Iterator[CypherRule]:
        """Iterate over the rules, in the order of their names."""
        return iter(sorted(self._loaded.values(), key=lambda rule: rule.name))

    def expand(self, file: str, source: str) -> str:
        """Return a statement with every use of a rule replaced by the rule's expression.

        Raises `InvalidStatement`, which names `file` and the line, if a use names no rule or has other arguments.
        """
        lexemes = [*tokens(source)]
        return source_of(self._expanded(file, lexemes, variables(lexemes)))

    def _rule(self, name: str) -> CypherRule:
        if name not in self._loaded:
            self._loading.append(name)
            self._loaded[name] = self._load(name, self._sources[name])
            self._loading.pop()
        return self._loaded[name]

    def _load(self, name: str, source: str) -> CypherRule:
        file = f"{name}.cypher"
        if name.lower() in _FUNCTIONS or not name.isidentifier() or not name[0].islower():
            raise _wrong(file, 1, f"{name!r} can be no rule's name: it is a function, or does not begin with a small letter")
        doc, parameters, body = _read(file, source)
        expanded = self._expanded(file, body, {*parameters, *variables(body)})
        kinds = mentions(expanded)
        _check(file, parameters, expanded, kinds)
        if wrong := misbegun(source_of(expanded)):
            raise _wrong(file, expanded[0].line, wrong)
        return CypherRule(
            name,
            doc,
            parameters,
            tuple(expanded),
            frozenset(
                token.text
                for i, token in enumerate(expanded)
                if token.text in parameters
                and (kinds[i] is Mention.BOUND or (kinds[i] is Mention.VARIABLE and beside(expanded, i, 1) in (".", "{")))
            ),
            frozenset(
                token.text for token, mention in zip(expanded, kinds, strict=True) if mention is Mention.BOUND
            ) - parameters.keys(),
        )  # fmt: skip

    def _expanded(self, file: str, lexemes: Sequence[Lexeme], scope: set[str]) -> list[Lexeme]:
        """Return tokens with their uses of rules expanded. `scope`: the variables of the whole file."""
        expanded: list[Lexeme] = []
        i = 0
        kinds = mentions(lexemes)
        while i < len(lexemes):
            token = lexemes[i]
            if kinds[i] is not Mention.CALLED or token.text.lower() in _OTHERS:
                expanded.append(token)
                i += 1
                continue
            if token.text not in self._sources:
                raise _wrong(file, token.line, f"no rule or function is called {token.text}{meant(token.text, self._sources)}")
            if token.text in self._loading:
                circle = [*self._loading[self._loading.index(token.text) :], token.text]
                raise _wrong(file, token.line, f"rules may not use each other in a circle: {' → '.join(circle)}")
            end = closing(lexemes, i + 1)
            if end is None:
                raise _wrong(file, token.line, f"the parenthesis behind {token.text} is not closed")
            arguments = [self._expanded(file, argument, scope) for argument in cut(lexemes[i + 2 : end])]
            used = _used(file, token, self._rule(token.text), arguments, scope)
            bare = beside(expanded, len(expanded), -1) in _BEFORE and beside(lexemes, end, 1).upper() in _BEHIND
            expanded += used if bare and _binding(used) is not Binding.LOOSE else _grouped(used)
            i = end + 1
        return expanded


def _used(file: str, use: Lexeme, rule: CypherRule, arguments: list[list[Lexeme]], scope: set[str]) -> list[Lexeme]:
    """Return the expression of one use of a rule."""
    arguments = arguments if arguments != [[]] else []
    if len(arguments) != len(rule.parameters) or [] in arguments:
        number = f"{len(arguments)} argument{'' if len(arguments) == 1 else 's'}"
        raise _wrong(file, use.line, f"{rule.signature} does not go with {number}")
    by_name = dict(zip(rule.parameters, arguments, strict=True))
    for name in rule.named:
        if len(by_name[name]) > 1 or by_name[name][0].word is not Word.NAME:
            message = f"{rule.signature} needs the name of a node or an edge as its {name}, not {source_of(by_name[name])}"
            raise _wrong(file, use.line, message)
    names = scope | {name for argument in arguments for name in variables(argument)}
    renamed: dict[str, str] = {}
    for name in sorted(rule.bound & names - WALK):
        renamed[name] = next(new for n in count(2) if (new := f"{name}{n}") not in names | rule.bound)
        names.add(renamed[name])
    used: list[Lexeme] = []
    for token, mention in zip(rule.body, mentions(rule.body), strict=True):
        if mention not in (Mention.VARIABLE, Mention.BOUND):
            used.append(token)
        elif token.text in by_name:
            used += _grouped(by_name[token.text])
        else:
            used.append(token._replace(text=renamed.get(token.text, token.text)))
    return [token._replace(line=use.line) for token in used]


def _wrong(file: str, line: int, message: str) -> InvalidStatement:
    return InvalidStatement(f"{file}:{line}: {message}")


def _read(file: str, source: str) -> tuple[str, dict[str, str], list[Lexeme]]:
    """Read a rule's file: its description, its parameters, and its expression in one line."""
    try:
        header = read(source, RULE)
    except InvalidHeader as error:
        raise InvalidStatement(f"{file}:{error}") from None
    if not header.lines:
        raise _wrong(file, 1, "its header does not say what it means")
    body = [token for token in tokens(source) if not token.text.startswith("//")]
    body = stripped([token._replace(text=" ") if token.word is Word.SPACE else token for token in body])
    if not body:
        raise _wrong(file, len(source.splitlines()), "it has no expression")
    return header.doc, {p.name: p.doc for p in header.parameters}, body


def _check(file: str, parameters: Mapping[str, str], body: Sequence[Lexeme], kinds: Sequence[Mention]) -> None:
    """Raise `InvalidStatement` if an expression is more than one, or uses a name that it neither takes nor binds."""
    binds = {token.text for token, mention in zip(body, kinds, strict=True) if mention is Mention.BOUND}
    expected: list[str] = []
    for i, (token, mention) in enumerate(zip(body, kinds, strict=True)):
        text, upper = token.text, token.text.upper()
        if token.word is Word.PARAMETER:
            raise _wrong(file, token.line, f"a rule takes {text} as a parameter of its own, and is used with it")
        if token.word is Word.STRING and text.startswith("`"):
            raise _wrong(file, token.line, f"write {text} without backticks")
        if token.word is Word.SIGN and text in "([{":
            expected.append({"(": ")", "[": "]", "{": "}"}[text])
        elif token.word is Word.SIGN and text in ")]}":
            if not expected or expected.pop() != text:
                raise _wrong(file, token.line, f"{text} closes nothing")
        elif token.word is Word.SIGN and (text in "'\"`" or (text == "/" and source_of(body[i : i + 2]) == "/*")):
            raise _wrong(file, token.line, f"what {'/*' if text == '/' else text} begins does not end")
        elif token.word is Word.SIGN and (text == ";" or (text == "," and not expected)):
            raise _wrong(file, token.line, f"a rule is one expression: {text} ends it")
        elif token.word is Word.NAME and beside(body, i, -1) not in (".", ":", "|") and beside(body, i, 1) != ":":
            if upper in _WRITING:
                raise _wrong(file, token.line, f"{text} writes, and a rule is a condition or an expression")
            if upper in CLAUSES and "}" not in expected and not (upper == "WHERE" and expected):
                raise _wrong(file, token.line, f"{text} is a clause, and a rule is a condition or an expression")
            if upper == "AS" and not expected:
                raise _wrong(file, token.line, "AS names a column, and a rule is a condition or an expression")
        if mention is Mention.VARIABLE and text not in binds and text not in parameters:
            raise _wrong(file, token.line, f"{text} is neither a parameter nor bound here (keywords are in capitals)")
        if mention is Mention.BOUND and text in parameters and _rebinds(body, i):
            raise _wrong(file, token.line, f"{text} is a parameter, and is bound anew")
    if expected:
        raise _wrong(file, body[-1].line, f"{expected[-1]} is missing")
    used = {token.text for token, mention in zip(body, kinds, strict=True) if mention in (Mention.VARIABLE, Mention.BOUND)}
    if unused := [name for name in parameters if name not in used]:
        raise _wrong(file, body[0].line, f"parameter {unused[0]} is declared and not used")


def _rebinds(body: Sequence[Lexeme], i: int) -> bool:
    """Return whether a variable that is bound here is another one than before, unlike in a pattern."""
    return beside(body, i, -1).upper() == "AS" or beside(body, i, 1).upper() in ("IN", "=")


class Binding(StrEnum):
    """How firmly an expression holds together."""

    ATOM = auto()
    """By itself: a name, a value, a call, a bracket."""
    JOINED = auto()
    """By AND, or by something that binds more firmly."""
    LOOSE = auto()
    """By OR or XOR, which an AND beside it would tear apart."""


_BEFORE = frozenset(["", "WHERE", "AND"])
_BEHIND = frozenset(["", "AND", ")", "}", *CLAUSES])
"""Between these, an expression that is joined by AND needs no parentheses."""


def _binding(lexemes: Sequence[Lexeme]) -> Binding:
    """Return how firmly an expression holds together. An atom is one word or bracket, with its properties."""
    words = depth = 0
    joined = False
    for i, token in enumerate(lexemes):
        opens = token.text == "CASE" or (token.word is Word.SIGN and token.text in "([{")
        closes = token.text == "END" or (token.word is Word.SIGN and token.text in ")]}")
        if opens and not depth:
            # A call, an index and a subquery belong to the word before them.
            joins = (
                token.text != "CASE" and i and (lexemes[i - 1].word is not Word.SPACE or beside(lexemes, i, -1) in SUBQUERIES)
            )
            words += not joins
        depth += opens - closes
        if depth or closes or token.word in (Word.SPACE, Word.COMMENT):
            continue
        if token.text.upper() in ("OR", "XOR"):
            return Binding.LOOSE
        joined |= token.word is Word.SIGN and token.text != "."
        words += token.word is not Word.SIGN and beside(lexemes, i, -1) != "."
    return Binding.JOINED if joined or words > 1 else Binding.ATOM


def _grouped(lexemes: list[Lexeme]) -> list[Lexeme]:
    """Return an expression, in parentheses unless it holds together by itself."""
    if _binding(lexemes) is Binding.ATOM:
        return lexemes
    return [Lexeme(Word.SIGN, "(", lexemes[0].line), *lexemes, Lexeme(Word.SIGN, ")", lexemes[-1].line)]
