"""A verb is one class: its request, what it declares, and the governed facts that it takes."""

from __future__ import annotations

import ast
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forebear.domain.outcome import Ruling
from forebear.domain.roles import Role
from forebear.domain.standing import StandingFactsRow
from forebear.graph.declaration import Admission, DeclarationError, prop
from forebear.graph.kinds import GRAPH
from forebear.graph.kinds.fleet import DeploymentState
from forebear.graph.kinds.release import DecisionType
from forebear.verbs.catalogue import VERBS
from forebear.verbs.deployment import ReportDeployment
from forebear.verbs.fact import NoAction
from forebear.verbs.governed import verb_request
from forebear.verbs.permissions import PERMISSIONS
from forebear.verbs.release import AUTOMATIC, ArchivalFacts, Archive, Deprecate, Reject, ReleaseFacts, ReleaseVerb
from forebear.verbs.verb import Verb

RELEASE = "release:picker@1/ur5e"
DOMAIN = Path(__file__).parents[2] / "src" / "forebear" / "domain"


def test_a_verb_declares_what_the_mutation_and_the_command_are_made_from() -> None:
    action = Deprecate.action
    assert (action.name, action.input, action.roles) == ("deprecate", Deprecate, {Role.APPROVER})
    assert action.doc.startswith("Forbids new deployments of a release. What runs goes on. Rolling back to the release")
    assert [p.name for p in action.input.members] == ["release", "reason", "rollbackAllowed"]
    assert (action.reads, action.facts, action.takes) == (ReleaseFacts, ("standing",), ("Decision",))


def test_a_verb_reads_the_facts_that_its_class_names_in_their_order() -> None:
    assert (Archive.action.reads, Archive.action.facts) == (ArchivalFacts, ("standing", "installed"))
    assert ArchivalFacts.statements()["standing"] == list[StandingFactsRow]


def test_a_request_has_its_input_as_attributes() -> None:
    request = Deprecate(release=RELEASE, reason="Old.")
    assert (request.release, request.reason, request.rollback_allowed) == (RELEASE, "Old.", None)


def test_a_request_of_checked_input_has_moments_and_enums() -> None:
    input = {"deployment": "deployment:d", "state": "ACTIVE", "at": "2026-11-23T14:52:06.000000Z"}
    request = ReportDeployment.from_input(input)
    assert request.state is DeploymentState.ACTIVE
    assert request.at == datetime(2026, 11, 23, 14, 52, 6, tzinfo=UTC)
    assert (request.active_from, request.failed_robots) == (None, None)


def test_a_request_lacks_nothing_and_has_nothing_else() -> None:
    with pytest.raises(TypeError, match=r"^Reject: reason is missing$"):
        Reject(release=RELEASE)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^Reject has no why$"):
        Reject(release=RELEASE, reason="No.", why="No.")  # type: ignore[call-arg]


def test_a_declaration_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Ponder does not say which facts it reads: class Ponder\(Verb\[…\]\)$"):

        class Ponder(Verb, roles="ADMIN"):  # type: ignore[type-arg]
            """Thinks."""

    with pytest.raises(DeclarationError, match=r"^Muse has no docstring: say what it does$"):

        class Muse(ReleaseVerb[ReleaseFacts], roles="ADMIN"):
            pass

    with pytest.raises(DeclarationError, match=r"^Dream: no role is called DREAMER; the roles are VIEWER, "):

        class Dream(ReleaseVerb[ReleaseFacts], roles="ADMIN DREAMER"):
            """Dreams."""

    with pytest.raises(DeclarationError, match=r"^Doze has no method decide\(self, facts\)$"):

        class Doze(Verb[ReleaseFacts], roles="ADMIN"):
            """Sleeps."""

    with pytest.raises(DeclarationError, match=r"^Nap takes facts of Decision, but has no classmethod of_fact\(cls, fact\)$"):

        class Nap(Verb[ReleaseFacts], roles="ADMIN", takes=("Decision",)):
            """Sleeps a little."""

            def decide(self, facts: ReleaseFacts) -> Ruling:
                raise NotImplementedError

    with pytest.raises(DeclarationError, match=r"^Brood\.decide: a verb's members may not be called so$"):

        class Brood(ReleaseVerb[ReleaseFacts], roles="ADMIN"):
            """Thinks long."""

            decide: str = prop("What to decide.")  # type: ignore[assignment]


def test_each_verb_takes_governed_kinds_alone_and_says_how() -> None:
    for verb in VERBS:
        assert all(GRAPH.kinds[kind].standing is Admission.GOVERNED for kind in verb.action.takes if kind != "Correction")
        assert (verb.of_fact.__func__ is not Verb.of_fact.__func__) == bool(verb.action.takes), verb  # type: ignore[attr-defined]


def test_each_type_of_decision_is_the_policys_or_one_verbs() -> None:
    taken = Counter(type for verb in VERBS if issubclass(verb, ReleaseVerb) for type in verb.types)
    assert taken == Counter({*DecisionType} - {*AUTOMATIC})


def test_a_governed_fact_is_the_verb_that_takes_it() -> None:
    name, request = verb_request(
        {"kind": "Decision", "id": "decision:d", "type": "DEPRECATION", "about": [RELEASE], "reasons": ["A", "B"]}
    )
    assert (name, request.input, request.key) == ("deprecate", {"release": RELEASE, "reason": "A; B"}, "decision:d")
    assert request.fact_message("reason: is blank") == "reasons: is blank"
    attribution = {"kind": "Attribution", "id": "attribution:a", "explains": ["incident:a"], "suspects": ["robot:a"]}
    name, request = verb_request(attribution)
    said = {"id": "attribution:a", "incidents": ["incident:a"], "suspects": ["robot:a"]}
    assert (name, request.input, request.key) == ("attribute", said, None)
    with pytest.raises(NoAction, match=r"^actor: this fact asks for attribute, which takes no actor; leave it out$"):
        verb_request(attribution | {"actor": "anna"})
    with pytest.raises(NoAction, match=r"^checks: this fact asks for reject, which takes no checks; leave it out$"):
        verb_request({"kind": "Decision", "id": "decision:d", "type": "REJECTION", "about": [RELEASE], "checks": []})


def test_a_remedy_names_the_role_that_its_verb_asks_for() -> None:
    """`domain` lies below the verbs, so a decision that says who else may act names the role itself."""
    calls = [
        (ast.literal_eval(node.args[1]), node.args[2].attr)
        for file in sorted(DOMAIN.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "whoever"
        and isinstance(node.args[2], ast.Attribute)
    ]
    assert len(calls) == 5
    assert all(PERMISSIONS[verb] == {Role[role]} for verb, role in calls), calls
