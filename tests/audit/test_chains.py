"""Entries and heads form hash chains, and whatever is changed about one is found at its first broken link."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.audit.chain import Entry, Head, Tip, entry, head
from forebear.audit.check import ChainCheck, Claim, Finding, HeadsCheck
from forebear.graph.digest import of_fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FIELD = st.none() | st.integers(0, 10**6) | TEXT
SAID = st.fixed_dictionaries(
    {"at": TEXT, "by": TEXT, "action": TEXT} | dict.fromkeys(("reason", "request", "before", "after"), st.none() | TEXT)
)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def chain_of(subject: str, said: Sequence[dict[str, Any]]) -> list[Entry]:
    entries: list[Entry] = []
    for each in said:
        entries.append(entry(len(entries), entries[-1].hash if entries else None, subject=subject, **each))
    return entries


CHAINS = st.builds(chain_of, TEXT, st.lists(SAID, min_size=1, max_size=8))


def tip(entries: Sequence[Entry]) -> Tip:
    return Tip(len(entries), entries[-1].hash)


def checked(entries: Sequence[Entry], end: Tip, claims: Sequence[Claim] = (), subject: str | None = None) -> Finding | None:
    check = ChainCheck(entries[0].subject if subject is None else subject, end.length, end.hash, claims)
    for e in entries:
        check.add(e)
    return check.end()


# ── hashing ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_hashed_is_a_netstring_for_each_field() -> None:
    made = entry(0, None, subject="s", at="t", by="b", action="a", reason="é")
    assert of_fields(("a", None, 12, "", "é🤖")) == sha256("1:a,-,2:12,0:,6:é🤖,")
    assert made.hash == sha256("22:forebear.audit.entry.1,1:s,1:0,1:t,1:b,1:a,2:é,-,-,-,-,")


@given(st.lists(FIELD, max_size=6), st.lists(FIELD, max_size=6))
def test_fields_that_differ_are_hashed_differently(one: list[Any], other: list[Any]) -> None:
    def plain(values: list[Any]) -> list[str | None]:
        return [None if v is None else str(v) for v in values]

    assert (of_fields(one) == of_fields(other)) == (plain(one) == plain(other))


@given(CHAINS)
def test_entries_are_numbered_from_0_and_each_names_the_hash_before(entries: list[Entry]) -> None:
    assert [e.number for e in entries] == list(range(len(entries)))
    assert [e.previous for e in entries] == [None, *(e.hash for e in entries[:-1])]
    assert [e.id for e in entries] == [f"{e.subject}#{n}" for n, e in enumerate(entries)]
    assert all(Entry.stored({k: v for k, v in e.properties.items() if v is not None}) == e for e in entries)


# ── chains ──────────────────────────────────────────────────────────────────────────────────────────────────


@given(CHAINS, st.data())
def test_a_chain_as_it_was_written_holds_whatever_heads_claim_of_it(entries: list[Entry], data: st.DataObject) -> None:
    lengths = data.draw(st.sets(st.integers(1, len(entries))))
    claims = [Claim("head#0", tip(entries[:n])) for n in sorted(lengths)]
    assert checked(entries, tip(entries), claims) is None


@given(CHAINS, st.data())
def test_a_changed_value_is_found_at_its_entry(entries: list[Entry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from(("at", "by", "action", "reason", "request", "before", "after", "previous")))
    value = data.draw(TEXT.filter(lambda v: v != getattr(entries[at], name)))
    changed = [replace(e, **{name: value}) if e.number == at else e for e in entries]

    finding = checked(changed, tip(entries))
    assert finding is not None
    assert (finding.where, finding.what[:12]) == (f"{entries[0].subject}#{at}", "was changed:")


@given(CHAINS.filter(lambda c: len(c) > 1), st.data())
def test_a_value_that_was_changed_with_its_hash_is_found_at_the_next_link(entries: list[Entry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 2))
    value = data.draw(TEXT.filter(lambda v: v != entries[at].by))
    forged = replace(entries[at], by=value)
    changed = [replace(forged, hash=forged.recomputed()) if e.number == at else e for e in entries]

    assert str(checked(changed, tip(entries))) == (
        f"{entries[0].subject}#{at + 1} does not follow the entry before: that has the hash {changed[at].hash}, "
        f"and this one follows {entries[at].hash}"
    )


@given(CHAINS, st.data())
def test_a_chain_that_was_written_anew_is_found_by_a_head(entries: list[Entry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    value = data.draw(TEXT.filter(lambda v: v != entries[at].by))
    said = [{f.name: getattr(e, f.name) for f in fields(Entry)[2:-2]} for e in entries]
    forged = chain_of(entries[0].subject, [{**s, "by": value} if n == at else s for n, s in enumerate(said)])
    assert checked(forged, tip(forged)) is None

    known = data.draw(st.integers(at + 1, len(entries)))
    assert str(checked(forged, tip(forged), [Claim("head#3", tip(entries[:known]))])) == (
        f"{entries[0].subject}#{known - 1} was replaced: head#3 knows it with the hash {entries[known - 1].hash}, "
        f"and its hash is {forged[known - 1].hash}"
    )


@given(CHAINS, st.data())
def test_a_removed_entry_is_missing_where_it_was(entries: list[Entry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    subject = entries[0].subject
    then = f"{subject}#{at + 1} stands in its place" if at + 1 < len(entries) else f"the chain has {len(entries)} entries"
    left = [e for e in entries if e.number != at]
    assert str(checked(left, tip(entries), subject=subject)) == f"{subject}#{at} is missing: {then}"


@given(CHAINS.filter(lambda c: len(c) > 1), st.data())
def test_a_removed_tail_is_found_by_a_head(entries: list[Entry], data: st.DataObject) -> None:
    kept = data.draw(st.integers(1, len(entries) - 1))
    known = data.draw(st.integers(kept + 1, len(entries)))
    subject = entries[0].subject
    assert checked(entries[:kept], tip(entries[:kept])) is None
    assert str(checked(entries[:kept], tip(entries[:kept]), [Claim("head#7", tip(entries[:known]))])) == (
        f"{subject}#{kept} is missing: head#7 knows {known} entries, and {kept} are left"
    )


@given(CHAINS.filter(lambda c: len(c) > 1), st.data())
def test_entries_that_changed_places_are_found_at_the_first(entries: list[Entry], data: st.DataObject) -> None:
    first, second = sorted(data.draw(st.sets(st.integers(0, len(entries) - 1), min_size=2, max_size=2)))
    changed = list(entries)
    changed[first], changed[second] = changed[second], changed[first]
    subject = entries[0].subject
    assert str(checked(changed, tip(entries))) == f"{subject}#{first} is missing: {subject}#{second} stands in its place"


@given(CHAINS)
def test_an_entry_that_the_chain_does_not_count_is_found(entries: list[Entry]) -> None:
    subject = entries[0].subject
    more = entry(len(entries), entries[-1].hash, subject=subject, at="t", by="b", action="a")
    assert str(checked([*entries, more], tip(entries))) == (
        f"{subject}#{len(entries)} is not counted: the chain has {len(entries)} entries"
    )


@given(CHAINS)
def test_a_chain_whose_last_hash_was_replaced_is_found(entries: list[Entry]) -> None:
    assert str(checked(entries, Tip(len(entries), "0" * 64))) == (
        f"{entries[0].subject} ends with the hash {entries[-1].hash}, and its chain says {'0' * 64}"
    )


# ── heads ───────────────────────────────────────────────────────────────────────────────────────────────────

GROWTH = st.lists(st.dictionaries(TEXT, st.integers(1, 5), min_size=1, max_size=4), min_size=1, max_size=6)


def heads_of(growth: Sequence[dict[str, int]]) -> list[Head]:
    lengths: dict[str, int] = {}
    heads: list[Head] = []
    for i, each in enumerate(growth):
        grown = {s: (lengths.get(s, 0), Tip(lengths.get(s, 0) + n, f"{i}{s}")) for s, n in each.items()}
        heads.append(head(heads[-1] if heads else None, at=f"t{i}", grown=grown))
        lengths |= {s: t.length for s, (_, t) in grown.items()}
    return heads


def headed(heads: Sequence[Head]) -> tuple[Finding | None, dict[str, Tip]]:
    check = HeadsCheck()
    claims: dict[str, Tip] = {}

    def covered(subject: str) -> int:
        return claims[subject].length if subject in claims else 0

    for each in heads:
        claims.update(check.add(each, covered))
    return check.finding, claims


@given(GROWTH)
def test_heads_say_how_far_the_chains_reach_and_count_them(growth: list[dict[str, int]]) -> None:
    heads = heads_of(growth)
    finding, claims = headed(heads)
    lengths = {subject: sum(each.get(subject, 0) for each in growth) for each in growth for subject in each}
    assert finding is None
    assert {subject: tip.length for subject, tip in claims.items()} == lengths
    assert (heads[-1].chains, heads[-1].entries) == (len(lengths), sum(lengths.values()))
    assert [h.previous for h in heads] == [None, *(h.hash for h in heads[:-1])]
    assert all(Head.stored({k: v for k, v in h.properties.items() if v is not None}) == h for h in heads)


def forged(each: Head, **changes: Any) -> Head:
    changed = replace(each, **changes)
    return replace(changed, hash=changed.recomputed())


def wrong(where: int, what: str, change: Callable[[list[Head]], list[Head]]) -> Any:
    return pytest.param(where, what, change, id=what)


@pytest.mark.parametrize(
    ("where", "what", "change"),
    [
        wrong(1, "was changed", lambda h: [h[0], replace(h[1], entries=9), h[2]]),
        wrong(1, "was changed", lambda h: [h[0], replace(h[1], grown="nonsense"), h[2]]),
        wrong(1, "is missing: head#2 stands in its place", lambda h: [h[0], h[2]]),
        wrong(0, "is missing: head#1 stands in its place", lambda h: [h[1], h[0], h[2]]),
        wrong(2, "does not follow the head before", lambda h: [h[0], forged(h[1], at="x"), h[2]]),
        wrong(1, "says that a grew to 1, and an earlier one covers 2", lambda h: [h[0], forged(h[1], grown='{"a":[1,"x"]}')]),
        wrong(
            1, "counts 3 chains and 9 entries, where 2 and 4 are covered", lambda h: [h[0], forged(h[1], chains=3, entries=9)]
        ),
    ],
)
def test_what_was_done_to_heads_is_found(where: int, what: str, change: Callable[[list[Head]], list[Head]]) -> None:
    finding, _ = headed(change(heads_of([{"a": 2}, {"a": 1, "b": 1}, {"b": 2}])))
    assert finding is not None
    assert finding.where == f"head#{where}"
    assert finding.what.startswith(what)


def test_a_head_that_was_changed_claims_nothing() -> None:
    first, second = heads_of([{"a": 2}, {"b": 1}])
    assert headed([replace(first, grown=json.dumps({"a": [9, "x"]})), second])[1] == {"b": Tip(1, "1b")}
