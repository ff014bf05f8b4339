"""The terminal: output for people and for machines, how commands fail, and what their exit codes mean."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import sys
import unicodedata
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

import typer
from rich.console import Console

from forebear.graph import moments

if TYPE_CHECKING:
    from forebear.settings import Settings

T = TypeVar("T")


class Code(IntEnum):
    """Exit codes."""

    doc: str

    def __new__(cls, value: int, doc: str) -> Self:
        """An exit code and what it means."""
        code = int.__new__(cls, value)
        code._value_, code.doc = value, doc
        return code

    OK = 0, "ok"
    NEGATIVE = 1, "the answer is no, or something was rejected or not found"
    WRONG = 2, "the command or a setting is wrong"
    UNREACHABLE = 3, "the registry or its database cannot be reached"
    BUG = 70, "Forebear has a bug"


CODES = f"Exit codes: {'; '.join(f'{code:d} {code.doc}' for code in Code)}."

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="FOREBEAR_URL",
        show_default=False,
        help="The URL of a running service, such as http://127.0.0.1:8080. Without it, the command "
        "uses the local engine or FOREBEAR_GRAPH_URI.",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="FOREBEAR_TOKEN",
        show_default=False,
        help="The token for the service at --url. Better set FOREBEAR_TOKEN, which no list of processes shows.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


class Failure(Exception):
    """The end of a command that failed: one line that says what to do next, and an exit code."""

    def __init__(self, message: str, code: Code = Code.NEGATIVE) -> None:
        super().__init__(message)
        self.code = code


@cache
def out() -> Console:
    """Return the console for answers. If it is no terminal, it has no width."""
    return Console(highlight=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 1_000)


@cache
def err() -> Console:
    """Return the console for everything but answers."""
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def settings() -> Settings:
    """Return the settings from the environment. Raises `Failure`."""
    from forebear.settings import SettingsError, load

    try:
        return load()
    except SettingsError as error:
        raise Failure(str(error), Code.WRONG) from None


def contents(file: str) -> str:
    """Return the text of a file, or of standard input for `-`. Raises `Failure`."""
    try:
        return (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}", Code.WRONG) from None
    except UnicodeDecodeError:
        raise Failure(f"{file} is not UTF-8", Code.WRONG) from None


def moment(option: str, text: str, *, ahead: bool) -> str:
    """Return the moment that an option gives: now, a distance from now (`ahead` of it, or else before it), or a moment, in the
    time of this machine unless it has an offset.

    Raises `Failure`.
    """
    if (near := _near(text, ahead=ahead)) is not None:
        return near.isoformat()
    try:
        moment = moments.read(text)
    except ValueError:
        message = f"{option} {text}: write now, 90d, 12h, 30m or a moment such as 2027-01-31T00:00:00Z"
        raise Failure(message, Code.WRONG) from None
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()


def _near(text: str, *, ahead: bool) -> datetime | None:
    """Return the moment of `now` or of a distance from it; None if the text is neither."""
    if text == "now":
        return datetime.now(UTC)
    if (away := re.fullmatch(r"(\d{1,5})([dhm])", text)) is None:
        return None
    span = timedelta(**{_UNITS[away[2]]: int(away[1])})
    return datetime.now(UTC) + (span if ahead else -span)


_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def checked_moment(param: typer.CallbackParam, text: str | None) -> str | None:
    """Return the moment that an option of a question gives, checked before the question is sent. Raises `Failure`.

    Others read the command later and elsewhere, so a moment has its offset.
    """
    if text is None:
        return None
    if (near := _near(text, ahead=False)) is not None:
        return moments.moment(near)
    try:
        return moments.parse(text)
    except ValueError:
        message = f"{param.opts[0]} {text}: write now, 90d, 12h, 30m or a moment with its offset, such as 2026-07-15T12:00:00Z"
        raise Failure(message, Code.WRONG) from None


def printable(value: Any) -> Any:
    r"""Return a value whose texts neither move a terminal's cursor nor reverse its writing: each such character is a picture.

    >>> printable({"name": "arm\x1b[2J\nrobot:q is APPROVED"})
    {'name': 'arm␛[2J␊robot:q is APPROVED'}
    """
    match value:
        case str():
            return value if value.isprintable() else "".join(map(_picture, value))
        case dict():
            return {printable(name): printable(each) for name, each in value.items()}
        case list():
            return [printable(each) for each in value]
    return value


def _picture(c: str) -> str:
    if c < " ":
        return chr(_PICTURES + ord(c))
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNSEEN or unicodedata.bidirectional(c) in _TURNING else c


_PICTURES = 0x2400
"""The code point of the first picture of a control character in Unicode."""

_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset({"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})


def counted(n: int, what: str) -> str:
    """Return a number with its noun, which is in the plural: `2 edges added`, `1 entry`."""
    noun, space, rest = what.partition(" ")
    one = f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")
    return f"{n:,} {one if n == 1 else noun}{space}{rest}"


def short(id: str) -> str:
    """Return an id for reading. A long digest is cut."""
    return re.sub(r"(:[0-9a-f]{12})[0-9a-f]{20,}", r"\1…", id)


def minute(moment: str) -> str:
    """Return a moment for reading, in UTC to the minute."""
    return moment[:16].replace("T", " ")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loops, which are faster, unless there are none: on Windows."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end. SIGTERM ends it like Ctrl-C, so that an engine of ours is closed."""
    from forebear.store.errors import DataDirectoryInUse, StoreError

    async def interruptible() -> T:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(interruptible())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except DataDirectoryInUse as error:
        then = (
            f"Ask it with --url {error.address}."
            if error.address
            else "It serves nobody yet: try again when it does, or when it has ended."
        )
        raise Failure(f"{error} {then}", Code.UNREACHABLE) from None
    except StoreError as error:
        raise Failure(str(error), Code.UNREACHABLE) from None


@contextmanager
def progress(doing: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar if people watch. It yields a function that takes how much of `total` is done."""
    if not err().is_terminal:
        yield lambda done: None
        return
    from rich.progress import Progress

    with Progress(console=err(), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.update(task, completed=done)


def _json(entry: dict[str, Any], default: Callable[[Any], Any]) -> str:
    import msgspec

    return msgspec.json.encode(entry, enc_hook=default).decode()


def configure_logs(level: str, form: str = "console") -> None:
    """Send log entries, also those of libraries, to stderr. `form` is `console` or `json`."""
    import structlog

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "json":
        last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]
    else:
        last = [
            lambda _logger, _level, entry: printable(entry),
            structlog.dev.ConsoleRenderer(colors=err().is_terminal and not err().no_color),
        ]
    least = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *last]))
    # Libraries log only warnings and worse. Our own entries say what happens.
    logging.basicConfig(handlers=[handler], level=max(least, logging.WARNING), force=True)


def print_json(value: Any) -> None:
    """Print JSON: indented and coloured for people, otherwise on one line."""
    import msgspec
    from rich.highlighter import JSONHighlighter

    text = re.sub(r"[^\x20-\x7e]", _escaped, msgspec.json.encode(value).decode())
    if out().is_terminal:
        out().print(JSONHighlighter()(msgspec.json.format(text)))
    else:
        sys.stdout.write(text + "\n")


def _escaped(match: re.Match[str]) -> str:
    """Return a character of a JSON text as its escape, if a terminal would not show it."""
    c = match[0]
    return c if printable(c) == c else f"\\u{ord(c):04x}"
