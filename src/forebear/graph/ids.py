"""Ids: readable, stable, the same string as GraphQL global id, deep link and idempotency key.

    dataset:bridge_orig                 a kind's prefix and a name
    dataset:bridge_orig@1.0.0           … with a version, for versioned kinds
    release:openvla-7b@3/widowx-orin    a release names its version and, behind a slash, its line

Names and versions are made of letters, digits and `. _ ~ - / + : =`, and begin with a letter or digit; anything else is
percent-encoded (`escape`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote, unquote

from forebear.graph.declaration import Graph

MAX_LENGTH = 512
"""Longest id, in characters."""

_ALLOWED = r"A-Za-z0-9._~/+:=\-"
_NAME = re.compile(rf"[A-Za-z0-9%][{_ALLOWED}%]*")
_PLAIN = re.compile(rf"([a-z-]+):[A-Za-z0-9][{_ALLOWED}]*(@[A-Za-z0-9][{_ALLOWED}]*)?")
_ESCAPE = re.compile(r"%(?![0-9A-F]{2})")
_CUT_ESCAPE = re.compile(r"%[0-9A-F]?$")


class InvalidId(ValueError):
    """An id that names nothing. The message explains why."""


@dataclass(frozen=True)
class Id:
    """An id in its parts. `str()` puts it together again."""

    kind: str
    prefix: str
    name: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.prefix}:{self.name}" + (f"@{self.version}" if self.version is not None else "")


def escape(name: str) -> str:
    """Return a free text as the name or version of an id.

    Characters that it may not hold, or begin with, are percent-encoded.
    """
    escaped = quote(name, safe="._~-/+:=", errors="replace")
    return f"%{ord(escaped[0]):02X}{escaped[1:]}" if escaped[:1] in tuple("._~-/+:=") else escaped


def composed(prefix: str, *parts: str, plain: int) -> str:
    """Return an id made from parts. Two ids are the same only if all parts are the same, and none is too long.

    Slashes separate the parts. In each part except the one at `plain`, slashes are escaped, so the separators are known. If the
    id would be too long, a digest replaces its tail. No slash is left then, which tells it from all others.
    """
    at = plain % len(parts)
    text = "/".join(part if n == at else _without_slashes(part) for n, part in enumerate(parts))
    if len(prefix) + len(text) <= MAX_LENGTH:
        return f"{prefix}{text}"
    # `escape` makes this escape at the beginning of a name only; a versioned id keeps a version.
    separator = "@" if "@" in text else "%7E"
    room = MAX_LENGTH - len(prefix) - len(separator) - 2 * sha256().digest_size
    head = _CUT_ESCAPE.sub("", text[:room].replace("/", "~").replace("@", "~"))
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"{prefix}{head}{separator}{digest}"


def _without_slashes(part: str) -> str:
    return part.replace("%", "%25").replace("/", "%2F")


def named_id(prefix: str, name: str) -> str:
    """Return the id of something of which only a name is known."""
    return composed(f"{prefix}:", escape(name), plain=0)


def release_id(version: str, line: str) -> str:
    """Return the id of a version's release in a line.

    Slashes in the line's name are escaped, so the last slash is the separator.
    """
    return composed("release:", nameof(version), nameof(line), plain=0)


def nameof(id: str) -> str:
    """Return an id without its kind's prefix."""
    return id.partition(":")[2]


def unescape(name: str) -> str:
    """Return the free text that `escape` turned into a name."""
    return unquote(name)


class Ids:
    """Parses and checks ids by the prefixes of a declaration."""

    def __init__(self, graph: Graph) -> None:
        self._kinds = {(k.prefix, k.versioned): k.name for k in graph.kinds.values()}
        self._prefixes = sorted({k.prefix for k in graph.kinds.values()})

    def example(self, kind: str) -> str:
        """Return an example of an id of a kind."""
        prefix, versioned = next(key for key, name in self._kinds.items() if name == kind)
        return f"{prefix}:x@1" if versioned else f"{prefix}:x"

    def kind(self, text: str) -> str:
        """Return the kind that an id names. Raises `InvalidId`."""
        plain = _PLAIN.fullmatch(text)
        if plain and len(text) <= MAX_LENGTH and (kind := self._kinds.get((plain[1], plain[2] is not None))):
            return kind
        return self.parse(text).kind

    def parse(self, text: str) -> Id:
        """Return the parts of an id. Raises `InvalidId` with the reason."""
        if len(text) > MAX_LENGTH:
            raise InvalidId(f"an id is at most {MAX_LENGTH} characters long; this one is {len(text)}")
        prefix, colon, rest = text.partition(":")
        if not colon:
            raise InvalidId(f"{text!r} has no kind: an id is `kind:name`, such as dataset:bridge_orig@1.0.0")
        name, at, version = rest.partition("@")
        kind = self._kinds.get((prefix, bool(at)))
        if kind is None:
            if (prefix, not at) not in self._kinds:
                raise InvalidId(f"{text!r}: no kind has ids that begin with {prefix!r}; known: {', '.join(self._prefixes)}")
            form = f"{prefix}:name@version" if not at else f"{prefix}:name, without a version"
            raise InvalidId(f"{text!r}: ids of {self._kinds[prefix, not at]} look like {form}")
        for part, what in ((name, "name"), *(((version, "version"),) if at else ())):
            if not part:
                raise InvalidId(f"{text!r}: its {what} is empty")
            if not _NAME.fullmatch(part) or _ESCAPE.search(part):
                raise InvalidId(
                    f"{text!r}: its {what} {part!r} holds what an id cannot; percent-encoded it would be {escape(part)!r}"
                )
        return Id(kind, prefix, name, version if at else None)
