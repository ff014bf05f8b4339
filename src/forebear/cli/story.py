"""The example company's story: its actions, done one after the other and compared with the expected outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from forebear.cli.recall_items import standing
from forebear.cli.registry import CommandRegistry, Local, ask
from forebear.cli.terminal import Failure, out, short
from forebear.domain.outcome import Done, Outcome, Planned, Refused
from forebear.domain.roles import Actor
from forebear.graph.moments import moment
from forebear.view.nodes import AFTERWARDS

if TYPE_CHECKING:
    from forebear.app import Forebear

SOURCE = "story.ndjson"
"""The file of the story, among the examples."""

ON_RECORD = "MATCH (request:Request) WHERE request.id IN $ids RETURN request.id AS id"
"""Answers which of some requests have an outcome already."""

QUIET = ("registerCandidate", "attachEvidence", "registerArtifact", "reportInstallation")
"""Actions that are only counted, as long as they are done and decide nothing."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action that somebody asks for at a moment, and its expected outcome: for a refusal, the codes of its reasons."""

    chapter: str
    at: datetime
    by: str
    do: str
    key: str
    input: dict[str, Any]
    comes: str | dict[str, list[str]]


def steps() -> list[Step]:
    """Return the steps of the story, in order."""
    from forebear.store.statements import directory

    lines = (directory("examples") / SOURCE).read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Step) for line in lines]


async def play(registry: Forebear, story: Sequence[Step], cast: Mapping[str, Actor]) -> AsyncIterator[tuple[Step, Outcome]]:
    """Do what was not done yet, and return each step with its outcome. Raises `Failure` if it is not the expected one.

    Each step has its idempotency key, so a story that was cut off goes on after its last recorded step. A step is dated when it
    happened, and recorded now.
    """
    from forebear.actions.performer import Requester, request_id

    ids = [request_id(step.by, step.key) for step in story]
    recorded = {row["id"] for row in await registry.store.read(ON_RECORD, {"ids": ids})}
    begun = max((n for n, id in enumerate(ids, 1) if id in recorded), default=0)
    # Repeat the last step, which answers its outcome again. So a story that stopped there stops there again.
    for n, step in enumerate(story[max(begun - 1, 0) :], max(begun - 1, 0)):
        outcome = await registry.performer.do(
            step.do, step.input, Requester(cast[step.by], SOURCE, step.key, at=moment(step.at))
        )
        if (actual := comes(outcome)) != step.comes:
            why = "; ".join(f"{r.message}: {r.remedy}" for r in outcome.reasons) if isinstance(outcome, Refused) else ""
            raise Failure(
                f"the story stops at {step.key}: {step.comes} was expected, and {actual} came{f' ({why})' if why else ''}; "
                "remove the demo's directory, or name another with --data-dir"
            )
        if n >= begun:
            yield step, outcome


def comes(outcome: Outcome) -> str | dict[str, list[str]]:
    """Return the outcome of an action, as a step writes it."""
    if isinstance(outcome, Refused):
        return {"Refused": [reason.code for reason in outcome.reasons]}
    return type(outcome).__name__


async def tell(registry: Forebear, story: Sequence[Step], cast: Mapping[str, Actor]) -> int:
    """Play the story and print it: a heading a chapter, the requests and the outcomes. Return how many steps it did."""
    registry_asked, chapter, count = Local(registry), "", 0
    besides: Counter[str] = Counter()
    async for step, outcome in play(registry, story, cast):
        count += 1
        if step.chapter != chapter:
            _besides(besides)
            chapter, besides = step.chapter, Counter()
            out().print(f"\n{chapter}", style="bold", markup=False)
        if isinstance(outcome, Done) and not outcome.decisions and step.do in QUIET:
            besides[step.do] += 1
            continue
        out().print(Text.assemble("  ", _tried(step)))
        async for line in _outcome_lines(registry_asked, outcome):
            out().print(Text.assemble("    ", line))
    _besides(besides)
    return count


def _besides(times: Mapping[str, int]) -> None:
    """Print what else was done."""
    if times:
        summary = ", ".join(f"{verb} {n} times" if n > 1 else verb for verb, n in times.items())
        out().print(f"  besides: {summary}", style="dim", markup=False)


def _tried(step: Step) -> Text:
    """Return who asked for what, and why."""
    ids = [v["id"] if isinstance(v, Mapping) else v for v in step.input.values()]
    subject = next((v for v in ids if isinstance(v, str) and ":" in v), "")
    more = [str(step.input[name]) for name in ("on", "state") if name in step.input and step.input[name] != subject]
    more += ["dry run"] if step.input.get("dryRun") else []
    why = f' "{reason}"' if (reason := step.input.get("reason")) else ""
    return Text.assemble(f"{step.by} {step.do} ", (short(" ".join([subject, *more])), "bold"), (why, "dim"))


async def _outcome_lines(registry: CommandRegistry, outcome: Outcome) -> AsyncIterator[Text]:
    """Return the outcome of an action in words."""
    match outcome:
        case Done(_, decisions, changed):
            nodes = (await ask(registry, AFTERWARDS, {"ids": list(dict.fromkeys((*decisions, *changed)))}))["nodes"]
            yield Text(f"→ {'; '.join(_states(nodes)) or 'done'}")
        case Refused(reasons):
            yield Text("→ refused")
            for reason in reasons:
                yield Text.assemble(f"  {short(reason.message)}  ", (reason.code, "dim"))
                yield Text(f"    to satisfy it: {short(reason.remedy)}")
        case Planned(changes, considered):
            yield Text("→ nothing was done, and this would be:")
            for id, values in changes.items():
                yield Text(
                    f"  {short(values['artifact'])} on {values['on']}, in place of {', '.join(values['replaces'])}  ({id})"
                )
            yield Text("  weighed, the best first:")
            for n, option in enumerate(considered, 1):
                why_not = [f"not possible: {reason.message}" for reason in option.reasons]
                yield Text(f"  {n}. {short(option.id)}{' (chosen)' if option.chosen else ''}")
                for remark in (*option.remarks, *why_not):
                    yield Text(f"     {short(remark)}", style="dim")


def _states(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the states of nodes. For a release that was decided about, those in all lines of its version."""
    decided = [node for node in nodes if "type" in node]
    versions = {r["version"]["id"]: r["version"] for d in decided for r in d["about"]["nodes"]}
    types = [d["type"] if d["verdict"] == "GRANTED" else f"{d['type']} {d['verdict']}" for d in decided]
    words = [", ".join(types)] if types else []
    for version in versions.values():
        states = (f"{r['state']} in {r['line']['id']}" for r in version["releases"]["nodes"])
        words.append(f"{version['id']} is {', '.join(states)}")
    for node in nodes:
        if state := node.get("deployment") or node.get("artifact"):
            since = f" since {node['validFrom'][:10]}" if state == "ACTIVE" else ""
            words.append(f"{short(node['id'])} is {state}{since}")
        if "votesMissing" in node:
            words.append(f"{short(node['id'])} {standing(node)}")
    return words
