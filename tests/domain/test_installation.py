"""What robots are seen to run does not depend on the order in which it is reported."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.installation import CoveringDeploymentRow, InstallationFactsRow, InstallationRow, Sighting, report
from forebear.domain.outcome import Connect, Describe, Disconnect, Name, Reason, Revise, Ruling, Update
from forebear.graph.kinds.fleet import DeploymentState

NOW = "2026-06-01T12:00:00.000000Z"


def at(hour: int) -> str:
    """An hour of the day before."""
    return f"2026-05-31T{hour:02}:00:00.000000Z"


@dataclass(frozen=True)
class Interval:
    """An installation as a graph keeps it."""

    artifact: str
    since: str
    until: str | None
    last: str


def around(known: dict[str, Interval], seen: Sighting) -> InstallationFactsRow:
    """What facts would say."""
    return InstallationFactsRow(
        artifact=seen.artifact,
        next=min((i.since for i in known.values() if i.since > seen.since), default=None),
        before=tuple(
            InstallationRow(id, i.since, i.until, i.artifact, last_seen_at=i.last)
            for id, i in known.items()
            if i.since < seen.since and (i.until is None or i.until > seen.since)
        ),
        same=tuple(
            InstallationRow(id, i.since, i.until, i.artifact, last_seen_at=i.last)
            for id, i in known.items()
            if i.since == seen.since
        ),
    )


def applied(known: dict[str, Interval], verdict: Ruling) -> dict[str, Interval]:
    """The graph after a verdict."""
    after = dict(known)
    for effect in verdict.effects:
        match effect:
            case Describe(document):
                after[effect.id] = Interval(
                    document["artifact"], document["validFrom"], document.get("validTo"), document["lastSeenAt"]
                )
            case Revise(id, before, now):
                assert before["validTo"] == after[id].until
                after[id] = replace(after[id], until=now["validTo"])
            case Update(id, {"lastSeenAt": last}):
                after[id] = replace(after[id], last=last)
            case other:
                raise AssertionError(other)
    return after


def told(reports: list[Sighting]) -> dict[str, Interval]:
    """The graph after reports."""
    known: dict[str, Interval] = {}
    for seen in reports:
        verdict = report(seen, around(known, seen), NOW)
        assert verdict.reasons == ()
        known = applied(known, verdict)
    return known


hours = st.integers(1, 12)
reports = st.builds(
    lambda artifact, since, lasts, looked: Sighting(
        "robot:a", at(since), f"artifact:{artifact}", until=lasts and at(since + lasts), seen_at=looked and at(since + looked)
    ),
    st.sampled_from("xyz"),
    hours,
    st.none() | st.integers(1, 6),
    st.none() | st.integers(1, 6),
)


@given(st.lists(reports, max_size=8), st.randoms(use_true_random=False))
def test_the_same_reports_in_any_order_and_twice_are_the_same_installations(every: list[Sighting], random: object) -> None:
    shuffled = [*every, *every]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert told(shuffled) == told(every)


@given(st.lists(reports, max_size=8))
def test_each_ends_at_the_earliest_of_what_was_reported_and_of_the_next(every: list[Sighting]) -> None:
    def end(artifact: str | None, since: str) -> str | None:
        said = [s.until for s in every if (s.artifact, s.since) == (artifact, since) and s.until]
        return min([*said, *(s.since for s in every if s.since > since)], default=None)

    expected = {(s.artifact, s.since): end(s.artifact, s.since) for s in every}
    assert {(i.artifact, i.since): i.until for i in told(every).values()} == expected


def test_a_new_artifact_ends_what_was_seen_before() -> None:
    verdict = report(
        Sighting("robot:a", at(9), "artifact:sha256:01"),
        InstallationFactsRow(before=(InstallationRow("installation:old"),), described=("robot:a",)),
        NOW,
    )
    assert verdict == Ruling(
        "installation:a/2026-05-31T09:00:00Z/sha256:01",
        (
            Describe(
                {
                    "kind": "Installation", "id": "installation:a/2026-05-31T09:00:00Z/sha256:01", "robot": "robot:a",
                    "artifact": "artifact:sha256:01", "validFrom": at(9), "lastSeenAt": at(9),
                }
            ),
            Revise("installation:old", {"validTo": None}, {"validTo": at(9)}),
        ),
        undescribed=("artifact:sha256:01",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("named", "artifact", "names"),
    [
        ({"digest": f"sha256:{64 * '0'}"}, f"artifact:sha256:{64 * '0'}", []),
        (
            {"external_id": "registry:picker 7"},
            "artifact:registry:picker%207",
            [Name("artifact:registry:picker%207", "registry:picker 7")],
        ),
    ],
)
def test_an_artifact_that_nobody_knows_gets_a_name(named: dict[str, str], artifact: str, names: list[Name]) -> None:
    described, *others = report(Sighting("robot:a", at(9), **named), InstallationFactsRow(), NOW).effects
    assert isinstance(described, Describe)
    assert described.document["artifact"] == artifact
    assert others == names


def covering(id: str, state: str, *, cohort: bool = False, **when: str) -> CoveringDeploymentRow:
    """A deployment of the artifact, requested at the third hour unless it says otherwise."""
    return CoveringDeploymentRow(f"deployment:{id}", DeploymentState(state), cohort, **{"recorded_at": at(3), **when})


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        ([], None),
        ([covering("d", "IN_PROGRESS")], "deployment:d"),
        ([covering("d", "ACTIVE", valid_from=at(10))], "deployment:d"),
        ([covering("d", "ACTIVE", recorded_at=at(10), valid_from=at(10))], None),
        ([covering("d", "ENDED", valid_from=at(4), valid_to=at(11))], "deployment:d"),
        ([covering("d", "ENDED", valid_from=at(4), valid_to=at(9))], None),
        ([covering("d", "FAILED")], None),
        ([covering("d", "PLANNED")], "deployment:d"),
        ([covering("d", "PLANNED", planned_for=at(12))], None),
        ([covering("fleet", "ACTIVE"), covering("canary", "ACTIVE", cohort=True)], "deployment:canary"),
        ([covering("one", "ACTIVE"), covering("two", "ACTIVE")], None),
    ],
)
def test_the_one_deployment_that_explains_an_installation_is_found(
    deployments: list[CoveringDeploymentRow], expected: str | None
) -> None:
    verdict = report(Sighting("robot:a", at(9), "artifact:x"), InstallationFactsRow(covering=tuple(deployments)), NOW)
    (effect,) = verdict.effects
    assert isinstance(effect, Describe)
    assert effect.document.get("installedBy") == expected


@pytest.mark.parametrize(
    ("before", "told", "effects"),
    [
        (None, None, (Connect("installation:i", "installedBy", "deployment:found"),)),
        ("deployment:found", None, ()),
        ("deployment:first", None, ()),
        (
            "deployment:found",
            "deployment:told",
            (
                Disconnect("installation:i", "installedBy", "deployment:found"),
                Connect("installation:i", "installedBy", "deployment:told"),
            ),
        ),
    ],
)
def test_what_is_said_to_have_brought_it_goes_before_what_was_found(
    before: str | None, told: str | None, effects: tuple[object, ...]
) -> None:
    known = InstallationFactsRow(
        same=(InstallationRow("installation:i", at(9), None, "artifact:x", before),), covering=(covering("found", "ACTIVE"),),
        described=("robot:a", "artifact:x"),
    )  # fmt: skip
    assert report(Sighting("robot:a", at(9), "artifact:x", deployment=told), known, NOW) == Ruling("installation:i", effects)


def test_what_cannot_be_is_refused_with_every_reason() -> None:
    seen = Sighting("robot:a", "2026-06-01T13:00:00.000000Z", "artifact:x", digest="sha256:01", until=at(9))
    assert report(seen, InstallationFactsRow(), NOW).reasons == (
        Reason(
            "AMBIGUOUS",
            "artifact, digest, externalId: 2 of them are given",
            "name the artifact by exactly one of them",
        ),
        Reason(
            "BACKWARDS",
            f"until: {at(9)} does not lie after since, 2026-06-01T13:00:00.000000Z",
            "report since when it was seen, and until when",
        ),
        Reason(
            "INVALID_DIGEST",
            "digest: 'sha256:01' has 2 digits, and sha256 has 64",
            "write it as algorithm:hex in lower case, such as sha256: and 64 digits",
        ),
        Reason(
            "IN_FUTURE",
            "since: 2026-06-01T13:00:00.000000Z is yet to come",
            "report it when it has happened, or set the clock right",
        ),
    )
    none = report(Sighting("robot:a", at(9)), InstallationFactsRow(), NOW)
    assert [r.message for r in none.reasons] == ["artifact, digest, externalId: none of them is given"]
