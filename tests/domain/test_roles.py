"""Who may do what, and how a refusal reads."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.outcome import Reason
from forebear.domain.roles import Actor, Role
from forebear.verbs.artifact import DeleteArtifact
from forebear.verbs.permissions import PERMISSIONS, may, refusal

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "roles.md").read_text("utf-8")
LINES = ["line:a", "line:b", "line:c"]

actors = st.builds(
    Actor,
    name=st.just("ada"),
    roles=st.frozensets(st.sampled_from(Role)),
    lines=st.none() | st.frozensets(st.sampled_from(LINES)),
    machine=st.booleans(),
)
verbs = st.sampled_from(sorted(PERMISSIONS))


def of(*roles: Role, lines: frozenset[str] | None = None) -> Actor:
    return Actor("ada", frozenset(roles), lines)


def test_who_lacks_the_role_is_told_which_would_do() -> None:
    assert refusal(of(Role.RECORDER, Role.VIEWER), "approve") == Reason(
        "FORBIDDEN",
        "ada may not approve: that needs APPROVER, and ada has VIEWER and RECORDER",
        "ask somebody who has APPROVER, or an admin for the role",
    )
    assert refusal(of(), "reportDeployment") == Reason(
        "FORBIDDEN",
        "ada may not reportDeployment: that needs RECORDER or OPERATOR, and ada has no role",
        "ask somebody who has one of RECORDER or OPERATOR, or an admin for the role",
    )


def test_who_is_limited_to_lines_is_told_which_lie_outside() -> None:
    limited = of(Role.APPROVER, lines=frozenset({"line:b", "line:a"}))
    assert refusal(limited, "approve", ["line:a"]) is None
    assert refusal(limited, "approve", ["line:d", "line:a", "line:c"]) == Reason(
        "FORBIDDEN",
        "ada's writes are limited to line:a and line:b, and approve would reach line:c and line:d",
        "ask somebody who may write to line:c and line:d",
    )
    assert refusal(limited, "approve", None) == Reason(
        "FORBIDDEN",
        "ada's writes are limited to line:a and line:b, and approve would reach every line",
        "ask somebody who is not limited to lines",
    )


def test_who_is_limited_to_no_line_may_write_where_there_is_none() -> None:
    limited = of(Role.ENGINEER, lines=frozenset())
    assert refusal(limited, "record") is None
    assert refusal(limited, "registerCandidate", ["line:a"]) == Reason(
        "FORBIDDEN",
        "ada's writes are limited to no release line, and registerCandidate would reach line:a",
        "ask somebody who may write to line:a",
    )


def test_what_has_to_lie_in_a_line_is_not_for_who_is_limited_where_it_lies_in_none() -> None:
    limited = of(Role.ENGINEER, lines=frozenset({"line:a"}))
    assert DeleteArtifact.refusal_within(limited, []) == Reason(
        "FORBIDDEN",
        "ada's writes are limited to line:a, and deleteArtifact would reach what lies in none",
        "ask somebody who is not limited to lines",
    )
    assert DeleteArtifact.refusal_within(of(Role.ENGINEER), []) is None
    assert DeleteArtifact.refusal_within(of(Role.VIEWER), []) == refusal(of(Role.VIEWER), "deleteArtifact")
    for lines in (["line:a"], ["line:a", "line:b"]):
        assert DeleteArtifact.refusal_within(limited, lines) == refusal(limited, "deleteArtifact", lines)


def test_a_verb_that_the_table_does_not_know_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        refusal(of(*Role), "conquer")


@given(actors, verbs, st.none() | st.lists(st.sampled_from(LINES)))
def test_an_actor_may_what_one_of_its_roles_may_within_its_lines(actor: Actor, verb: str, lines: list[str] | None) -> None:
    by_role = any(role in PERMISSIONS[verb] for role in actor.roles)
    somewhere = lines is not None and verb != "importHistory"
    within = actor.lines is None or (somewhere and all(line in actor.lines for line in lines or ()))
    assert (refusal(actor, verb, lines) is None) == (by_role and within)
    assert (verb in may(actor)) == by_role


@given(actors, verbs, st.sampled_from(Role))
def test_another_role_never_takes_anything_away(actor: Actor, verb: str, role: Role) -> None:
    if refusal(actor, verb) is None:
        assert refusal(Actor(actor.name, actor.roles | {role}, actor.lines, actor.machine), verb) is None


def test_every_verb_can_be_done_by_somebody_and_nobody_can_do_everything() -> None:
    assert all(PERMISSIONS.values())
    assert not any(all(role in allowed for allowed in PERMISSIONS.values()) for role in Role)


def test_the_page_is_the_table() -> None:
    roles = [f"| `{role}` | {role.doc} |" for role in Role]
    verbs = [
        f"| `{verb}` | {' | '.join('✓' if role in allowed else '' for role in Role)} |" for verb, allowed in PERMISSIONS.items()
    ]
    assert [line for line in PAGE.splitlines() if line.startswith("| `")] == [*roles, *verbs]
    assert f"| verb | {' | '.join(Role)} |" in PAGE
