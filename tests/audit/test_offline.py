"""The program of the documentation verifies an exported trail without Forebear, and finds the same as Forebear does."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.audit.chain import Entry, Head, Tip, entry, head
from forebear.audit.trail import HEADER
from tests.audit.auditing import broken

PROGRAM = Path(__file__).parents[2] / "docs" / "how-to" / "verify.py"

Lines = list[dict[str, Any]]


def program() -> Any:
    spec = importlib.util.spec_from_file_location("verify", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


findings = program().findings


def plain(record: Entry | Head) -> dict[str, Any]:
    return {name: value for name, value in record.properties.items() if name != "id"}


def trail(lengths: Sequence[dict[str, int]], later: dict[str, int]) -> Lines:
    """The lines of a trail: at each head some chains have grown by so many entries, and by some more after the last."""
    chains: dict[str, list[Entry]] = {}
    covered: dict[str, int] = {}
    heads: list[Head] = []

    def grow(by: dict[str, int]) -> None:
        for subject, count in by.items():
            entries = chains.setdefault(subject, [])
            for n in range(count):
                said = {"at": f"2026-11-{len(entries):02}", "by": "ann", "action": "appröve", "after": f'{{"n":{n}}}'}
                entries.append(entry(len(entries), entries[-1].hash if entries else None, subject=subject, **said))

    for i, by in enumerate(lengths):
        grow(by)
        grown = {s: (covered.get(s, 0), Tip(len(chains[s]), chains[s][-1].hash)) for s in by}
        heads.append(head(heads[-1] if heads else None, at=f"2026-12-{i:02}", grown=grown))
        covered |= {s: tip.length for s, (_, tip) in grown.items()}
    grow(later)
    lines: Lines = [{**HEADER, "heads": len(heads), "entries": sum(map(len, chains.values()))}]
    lines += [{"head": plain(h)} for h in heads]
    for subject, entries in sorted(chains.items()):
        tip = {"subject": subject, "length": len(entries), "hash": entries[-1].hash, "covered": covered.get(subject, 0)}
        lines += [{"chain": tip}, *({"entry": plain(e)} for e in entries)]
    counts = {"heads": len(heads), "chains": len(chains), "entries": sum(map(len, chains.values()))}
    return [*lines, {"end": {**counts, "later": 0}}]


def encoded(lines: Lines) -> list[bytes]:
    return [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]


def places(lines: Lines, *kept: str) -> list[str]:
    """Where something does not fit: where Forebear finds it and where the program does, which must be the same."""
    given = encoded(lines)
    here, there = [f.where for f in broken(given, *kept)], [where for where, _ in findings(iter(given), kept)]
    assert there == here
    return here


WHOLE = trail([{"a": 2, "b": 1}, {"a": 2}], {"b": 2, "c": 1})


def hash_of(lines: Lines, what: str, at: int) -> str:
    return str([line[what] for line in lines if what in line][at]["hash"])


def at(what: str, nth: int) -> int:
    """Where the nth line of a sort stands."""
    return [i for i, line in enumerate(WHOLE) if what in line][nth]


def put(what: str, nth: int, **values: object) -> Callable[[Lines], Lines]:
    """Changes values of a line."""
    return lambda lines: [{what: {**line[what], **values}} if i == at(what, nth) else line for i, line in enumerate(lines)]


def drop(*places: int) -> Callable[[Lines], Lines]:
    """Takes lines out."""
    return lambda lines: [line for i, line in enumerate(lines) if i not in places]


def swap(first: int, second: int) -> Callable[[Lines], Lines]:
    """Has two lines change places."""

    def change(lines: Lines) -> Lines:
        changed = list(lines)
        changed[first], changed[second] = changed[second], changed[first]
        return changed

    return change


def counted(lines: Lines) -> Lines:
    """Has the last line count what is there, so that it is not what shows."""
    counts = {
        f"{what}s" if what != "entry" else "entries": sum(what in line for line in lines) for what in ("head", "chain", "entry")
    }
    return [*lines[:-1], {"end": {**lines[-1]["end"], **counts}}]


def both(*changes: Callable[[Lines], Lines]) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        for each in changes:
            lines = each(lines)
        return lines

    return change


def chain_at(subject: str) -> range:
    """Where a chain and its entries stand."""
    start = next(i for i, line in enumerate(WHOLE) if line.get("chain", {}).get("subject") == subject)
    return range(start, start + 1 + WHOLE[start]["chain"]["length"])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda lines: lines, [], id="nothing"),
        pytest.param(put("entry", 1, by="bob"), ["a#1"], id="a changed value"),
        pytest.param(put("entry", 1, by=None), ["a#1"], id="a value that was taken away"),
        pytest.param(put("entry", 1, request=""), ["a#1"], id="an empty value in place of none"),
        pytest.param(put("entry", 1, number=True), ["a#1"], id="another type of number"),
        pytest.param(put("entry", 3, hash="0" * 64), ["a#3"], id="a replaced hash"),
        pytest.param(put("entry", 1, previous="0" * 64), ["a#1"], id="a replaced link"),
        pytest.param(put("chain", 0, hash="0" * 64), ["a"], id="a replaced tip"),
        pytest.param(drop(at("entry", 1)), ["a#1", "end"], id="a removed entry"),
        pytest.param(both(drop(at("entry", 1)), counted), ["a#1"], id="a removed entry that the end does not count"),
        pytest.param(
            both(drop(at("entry", 3)), put("chain", 0, length=3, hash=hash_of(WHOLE, "entry", 2)), counted),
            ["a#3"],
            id="a removed tail",
        ),
        pytest.param(both(drop(*chain_at("a")), counted), ["a"], id="a removed chain"),
        pytest.param(drop(*chain_at("c")), ["end", "end"], id="a removed chain that no head knows yet"),
        pytest.param(both(drop(chain_at("a")[0])), ["a#0", "a#1", "a#2", "a#3", "a", "end"], id="entries without their chain"),
        pytest.param(swap(at("entry", 1), at("entry", 2)), ["a#1"], id="entries that changed places"),
        pytest.param(swap(at("entry", 0), at("entry", 5)), ["a#0", "b#1"], id="entries that changed chains"),
        pytest.param(put("head", 0, entries=9), ["head#0"], id="a changed head"),
        pytest.param(both(drop(at("head", 1)), counted), ["head#1"], id="a removed last head"),
        pytest.param(both(drop(at("head", 0)), counted), ["head#0"], id="a removed first head"),
        pytest.param(swap(at("head", 0), at("head", 1)), ["head#0"], id="heads that changed places"),
        pytest.param(
            lambda lines: [*lines[:-1], {"stray": {"id": "a#9", "subject": "a", "number": 9}}, lines[-1]], ["a#9"], id="a stray"
        ),
    ],
)
def test_whatever_was_done_to_a_file_is_found_at_the_same_places(change: Callable[[Lines], Lines], found: list[str]) -> None:
    assert places(change(WHOLE)) == found


def test_a_head_that_was_kept_elsewhere_is_asked_for() -> None:
    assert places(WHOLE, hash_of(WHOLE, "head", 0), hash_of(WHOLE, "head", 1)) == []
    assert places(WHOLE, "0" * 64) == ["heads"]


GROWTH = st.dictionaries(st.sampled_from("abcé"), st.integers(1, 3), min_size=1)


@given(st.lists(GROWTH, max_size=3), st.dictionaries(st.sampled_from("abcé"), st.integers(1, 2)), st.data())
def test_a_file_holds_until_any_value_of_it_is_changed(growth: list[dict[str, int]], later: dict[str, int], data: Any) -> None:
    lines = trail(growth, later)
    assert places(lines) == []

    if len(lines) > 2:
        where = data.draw(st.integers(1, len(lines) - 2))
        ((what, record),) = lines[where].items()
        name = data.draw(st.sampled_from(sorted(record)))
        value = data.draw((st.none() | st.integers(0, 9) | st.text("ab", max_size=2)).filter(lambda v: v != record[name]))
        changed = [*lines[:where], {what: {**record, name: value}}, *lines[where + 1 :]]
        assert places(changed) != []


def test_the_program_runs_on_a_file_and_on_a_pipe(tmp_path: Path) -> None:
    def run(*arguments: object, stdin: bytes = b"") -> tuple[int, str]:
        ended = subprocess.run([sys.executable, PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, check=False)
        return ended.returncode, ended.stdout.decode() + ended.stderr.decode()

    whole, forged = tmp_path / "whole.ndjson", tmp_path / "forged.ndjson"
    whole.write_bytes(b"".join(encoded(WHOLE)))
    forged.write_bytes(b"".join(encoded(put("entry", 1, by="bob")(WHOLE))))
    assert run(whole) == (0, "all of it holds\n")
    assert run("-", stdin=whole.read_bytes()) == (0, "all of it holds\n")
    assert run(forged) == (1, "a#1 was changed\n1 does not fit\n")
    assert run(whole, "0" * 64) == (1, f"heads have none with the hash {'0' * 64}\n1 does not fit\n")
    assert run("-", stdin=b"{}\n") == (1, "this is no audit trail that can be verified here\n")
    assert run("-", stdin=encoded(WHOLE)[0]) == (1, "the file ends too early\n")
