"""What is to come of actions, in plain Python and by other means than the product: a memory that is changed in place.

It knows the world of `sequences`, reads no product code but roles, and keeps to what tests of single decisions do not hold
already: comparisons with what is deployed, ages of evidence and reports out of order are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from forebear.domain.roles import Actor
from forebear.graph.kinds.release import DecisionType as Type
from forebear.graph.kinds.release import ReleaseState as State
from forebear.verbs.permissions import PERMISSIONS

LINES = {"line:high": "target:orin", "line:mid": "target:orin", "line:low": "target:nano"}
FLEETS = {"fleet:north": ("line:high", "line:mid"), "fleet:south": ("line:low", "line:mid")}
COHORTS = {"cohort:north/canary": "fleet:north", "cohort:south/canary": "fleet:south"}
ROBOTS = {"robot:n1": "fleet:north", "robot:n2": "fleet:north", "robot:s1": "fleet:south", "robot:s2": "fleet:south"}
BELONGS = frozenset(
    {*COHORTS.items(), *ROBOTS.items()}
    | {(robot, cohort) for cohort, fleet in COHORTS.items() for robot, of in ROBOTS.items() if of == fleet and robot[-1] == "1"}
)
"""Which cohorts and robots belong where, until something is decommissioned."""
SOFTWARE = {"fleet:north": "4.2.1", "fleet:south": "5.1"}
SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
INCIDENT_STATES = ("OPEN", "RESOLVED", "FALSE_ALARM", "DUPLICATE")
PACK = {"success": "HIGHER", "latency": "LOWER"}
TRAINER = "theo"

Came = Literal["done", "same", "refused", "recorded"]
"""Changed something, was so already, refused, or refused on record."""

Answer = tuple[Came, frozenset[str]]
"""What an action comes to, and the codes of the reasons where it is refused; no codes: whichever."""

DONE: Answer = ("done", frozenset())
SAME: Answer = ("same", frozenset())


def refused(*codes: str, recorded: bool = False) -> Answer:
    """A refusal."""
    return ("recorded" if recorded else "refused", frozenset(codes))


@dataclass
class Version:
    """A version: what it says of itself, who registered it, and when a digest of it was corrected last."""

    values: dict[str, Any]
    registrant: str
    from_trainer: bool
    corrected: int = -1
    completers: frozenset[str] = frozenset()

    @property
    def bound(self) -> tuple[Any, ...]:
        """What approvals are bound to."""
        return (self.values.get("weightsDigest"), self.values.get("robotSoftware"))


@dataclass
class Release:
    """A release: where it stands, and what led there."""

    version: str
    line: str
    registrant: str
    state: State = State.CANDIDATE
    stale: str | None = None
    """Whether its approval is stale: `now`, `later`, or not."""
    approved_under: str | None = None
    approved_on: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    """What was asked for, and the evidence that it was approved on."""
    votes: list[tuple[str, Any, str]] = field(default_factory=list)
    refused_before: bool = False
    rejected: int = -1
    overridden: list[Any] = field(default_factory=list)
    way_back: bool = True
    """Whether one may go back to it where it is deprecated."""

    @property
    def is_approved(self) -> bool:
        """Whether it stands approved, stale or not."""
        return self.state in (State.APPROVED, State.DEPLOYED)


@dataclass
class Evidence:
    """What was measured, when, and when it became known."""

    about: str
    values: dict[str, float]
    at: str
    known: int
    supersedes: tuple[str, ...] = ()
    superseded: str | None = None


@dataclass
class Artifact:
    """A build."""

    version: str
    target: str
    state: str


@dataclass
class Deployment:
    """A deployment: where it stands, since when it ever was active, and what it replaces."""

    artifact: str
    place: str
    recorded: str
    state: str = "PLANNED"
    active_since: str | None = None
    active_last: str = ""
    failed_last: str = ""
    ended: str = ""
    """When it was over, after it had been active."""
    replaces: tuple[str, ...] = ()
    rolls_back: str | None = None
    rejoins: bool = False
    confirmed: bool = False
    """Whether it was reported active since it was last reported to be over."""

    @property
    def is_pending(self) -> bool:
        """Whether it is planned or under way."""
        return self.state in ("PLANNED", "IN_PROGRESS")


@dataclass
class Event:
    """An incident, or maintenance: what was told of it, each with a moment, and what it names."""

    told: set[tuple[str, str, str]] = field(default_factory=set)
    """What is told of, the moment from which it holds, and the value."""
    ends: set[tuple[str, str]] = field(default_factory=set)

    def present(self, of: str, order: tuple[str, ...]) -> str | None:
        """The value that holds now."""
        values = [(at, order.index(value)) for name, at, value in self.told if name == of]
        return order[max(values)[1]] if values else None


@dataclass
class Attribution:
    """A conclusion about incidents."""

    actor: str
    explains: frozenset[str]
    suspects: frozenset[str]
    superseded: bool = False


@dataclass
class Recall:
    """A recall of a version: whether it stands or is over, and the votes for it, each with the digest of what was affected."""

    subject: str
    votes: list[tuple[str, str]] = field(default_factory=list)
    stands: bool = False
    over: bool = False
    excused: set[str] = field(default_factory=set)


def fleet_of(place: str) -> str:
    """The fleet that a place is or is part of."""
    return COHORTS.get(place, place)


@dataclass
class Expectation:
    """Everything that was done, as it must stand."""

    actors: dict[str, Actor]
    policies: dict[str, dict[str, Any]]
    governing: dict[str, str]
    versions: dict[str, Version] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    belongs: frozenset[tuple[str, str]] = BELONGS
    out: dict[str, set[str]] = field(default_factory=dict)
    """What is out of service, and the fleets that it was or belonged to until then."""
    left: dict[str, str] = field(default_factory=dict)
    """When a place left service last."""
    stops: dict[str, list[str]] = field(default_factory=dict)
    """When somebody asked a place to stop."""
    events: dict[str, Event] = field(default_factory=dict)
    """Incidents and maintenance."""
    attributions: dict[str, Attribution] = field(default_factory=dict)
    recalls: dict[str, Recall] = field(default_factory=dict)
    clock: int = 0

    def of(self, actor: Actor, verb: str, input: dict[str, Any], at: str) -> Answer:
        """What an action comes to, and changes; `at`: a moment after it, unless the input says one."""
        self.clock += 1
        if not self.may(actor, verb):
            return refused("FORBIDDEN")
        answer: Answer = getattr(self, f"_{verb}")(actor, **{"at": at} | input)
        return answer

    @staticmethod
    def may(actor: Actor, verb: str) -> bool:
        """Whether an actor's roles allow it."""
        return bool(PERMISSIONS[verb] & actor.roles)

    # ── what is so ──────────────────────────────────────────────────────────────────────────────────────

    def policy(self, release: Release) -> dict[str, Any]:
        """What is in force for a release."""
        return self.policies[self.governing[release.line]]

    def newest(self, release: Release, asked: dict[str, Any]) -> Evidence | None:
        """The measurement that decides about a requirement."""
        target = LINES[release.line]
        counts = []
        for e in self.evidence.values():
            build = self.artifacts.get(e.about)
            version = build.version if build else e.about
            on = build.target if build else None
            usable = build is None or build.state not in ("QUARANTINED", "DELETED")
            fits = on == target if asked.get("onTarget") else on in (None, target)
            stands = not e.superseded and e.known > self.versions[version].corrected
            if version == release.version and asked["metric"] in e.values and usable and fits and stands:
                counts.append(e)
        return max(counts, key=lambda e: e.at, default=None)

    def _named(self, evidence: Evidence | None) -> str | None:
        return next((id for id, each in self.evidence.items() if each is evidence), None)

    def unmet(self, release: Release) -> set[str]:
        """What a release lacks under its policy before anybody need vote: the codes."""
        policy, codes = self.policy(release), set()
        if any(part not in self.versions[release.version].values for part in policy.get("candidate", ())):
            codes.add("CANDIDATE_INCOMPLETE")
        for asked in policy["evidence"]:
            found = self.newest(release, asked)
            value = found and found.values[asked["metric"]]
            if value is None:
                codes.add("*")
            elif value < asked.get("minimum", value) or value > asked.get("maximum", value):
                codes.add("THRESHOLD_MISSED")
        return codes

    def running(self, release: Release, *states: str) -> list[Deployment]:
        """The deployments of a release in its line that stand in a state."""
        return [
            d
            for d in self.deployments.values()
            if d.state in states
            and self.artifacts[d.artifact].version == release.version
            and self.artifacts[d.artifact].target == LINES[release.line]
            and release.line in FLEETS[fleet_of(d.place)]
        ]

    def counted(self, release: Release, votes: list[tuple[str, Any, str]]) -> set[str]:
        """The people whose votes count."""
        return {name for name, *_ in votes if self.against_vote(release, self.actors[name]) is None}

    def against_vote(self, release: Release, actor: Actor) -> str | None:
        """Why somebody's vote cannot count."""
        approvals, version = self.policy(release)["approvals"], self.versions[release.version]
        if actor.machine and actor.name not in approvals.get("trustedMachines", ()):
            return "UNTRUSTED_MACHINE"
        if actor.name in {version.registrant, release.registrant, *version.completers} and not approvals.get("selfApproval"):
            return "SELF_APPROVAL"
        if actor.name == TRAINER and version.from_trainer:
            return "BY_TRAINER"
        return None

    def standing_votes(self, release: Release) -> list[tuple[str, Any, str]]:
        """The votes of this time that are for what the version is, under the policy in force."""
        bound = self.versions[release.version].bound
        return [vote for vote in release.votes if vote[1:] == (bound, self.governing[release.line])]

    def may_run(self, release: Release, *, goes_back: bool = False) -> bool:
        """Whether something lets a release run."""
        if self.is_recalled(release.version):
            return False
        if self.versions[release.version].bound in release.overridden:
            return True
        if goes_back:
            return release.is_approved or (release.state is State.DEPRECATED and release.way_back)
        return release.is_approved and release.stale != "now"

    def is_recalled(self, version: str) -> bool:
        """Whether a recall of a version stands."""
        return any(r.stands and not r.over for r in self.recalls.values() if r.subject == version)

    def going(self, version: str) -> list[str]:
        """The deployments of a version that are not over."""
        builds = [id for id, build in self.artifacts.items() if build.version == version]
        return [id for id, d in self.deployments.items() if d.artifact in builds and (d.is_pending or d.state == "ACTIVE")]

    def digest(self, version: str) -> str:
        """The digest of the releases, artifacts and deployments that a recall of a version affects."""
        builds = [id for id, build in self.artifacts.items() if build.version == version]
        affected = [f"Artifact:{id}:LINEAGE" for id in builds]
        affected += [f"Release:{id}:LINEAGE" for id, r in self.releases.items() if r.version == version]
        affected += [f"Deployment:{id}:LINEAGE" for id in self.going(version)]
        return f"sha256:{sha256(chr(10).join(sorted(affected)).encode()).hexdigest()}"

    def fits(self, artifact: str, place: str, *, goes_back: bool = False) -> bool:
        """Whether an artifact may run at a place."""
        build, fleets = self.artifacts.get(artifact), self.fleets_at(place)
        if build is None or build.state != "AVAILABLE" or not fleets or {place, *fleets} & self.out.keys():
            return False
        wants = self.versions[build.version].values.get("robotSoftware")
        has = [float(SOFTWARE[ROBOTS[robot]][:3]) for robot in self.robots_at(place)]
        if wants is not None and any(software < float(wants.removeprefix(">=")) for software in has):
            return False
        lines = [line for fleet in fleets for line in FLEETS[fleet] if LINES[line] == build.target]
        stand = [r for r in self.releases.values() if r.version == build.version and r.line in lines]
        return any(self.may_run(r, goes_back=goes_back) for r in stand)

    def fleets_at(self, place: str) -> set[str]:
        """The fleets that a fleet, a cohort or a robot is or belongs to."""
        groups = {group for member, group in self.belongs if member == place}
        return {place} if place in FLEETS else {fleet for group in groups for fleet in self.fleets_at(group)}

    def robots_at(self, place: str) -> set[str]:
        """The robots of a fleet or a cohort, those of its cohorts among them."""
        members = {member for member, group in self.belongs if group == place}
        return {robot for member in members for robot in ({member} if member in ROBOTS else self.robots_at(member))}

    # ── what follows ────────────────────────────────────────────────────────────────────────────────────

    def _weigh(self, release: Release) -> None:
        stands = release.is_approved or release.state is State.DEPRECATED
        if stands and release.stale != "now" and not all(self._holds(*on) for on in release.approved_on):
            release.stale, release.votes = "now", []
        if self.unmet(release):
            self._lapse(release)
            return
        policy = self.policy(release)
        decisive = [found for asked in policy["evidence"] if (found := self.newest(release, asked))]
        news = any(e.known >= release.rejected for e in decisive)
        if release.state is State.CANDIDATE or (release.state is State.REJECTED and news):
            release.state = State.EVALUATED
        waits = release.state is State.EVALUATED or (release.is_approved and release.stale == "now")
        promotes = policy.get("automaticPromotion") and not self.is_recalled(release.version)
        if waits and promotes and not release.refused_before:
            self._approved(release)

    def _holds(self, asked: dict[str, Any], evidence: str) -> bool:
        """Whether a requirement is met by the evidence that an approval was given on, as it is corrected by now."""
        found = self.evidence[evidence]
        while found.superseded:
            found = self.evidence[found.superseded]
        value = found.values.get(asked["metric"])
        return value is not None and asked.get("minimum", value) <= value <= asked.get("maximum", value)

    def _lapse(self, release: Release) -> None:
        """Evidence that suffices no more, and with it the votes that rested on it."""
        if release.state is State.EVALUATED:
            release.state, release.votes = State.CANDIDATE, []

    def _approved(self, release: Release) -> None:
        release.state = State.DEPLOYED if self.running(release, "ACTIVE") else State.APPROVED
        release.stale, release.approved_under, release.votes = None, self.governing[release.line], []
        asked = self.policy(release)["evidence"]
        release.approved_on = [(each, found) for each in asked if (found := self._named(self.newest(release, each)))]

    def _concerned(self, version: str) -> Iterator[Release]:
        """The releases of a version, and those that are compared with it where it is deployed."""
        own = [r for r in self.releases.values() if r.version == version]
        runs = any(d.state == "ACTIVE" and self.artifacts[d.artifact].version == version for d in self.deployments.values())
        lines = {r.line for r in own if runs}
        yield from own
        yield from [r for r in self.releases.values() if r.version != version and r.line in lines]

    # ── candidates and evidence ─────────────────────────────────────────────────────────────────────────

    def _registerCandidate(self, actor: Actor, versions: list[dict[str, Any]], lines: list[str], at: str) -> Answer:
        (fact,) = versions
        values = {n: fact[n] for n in ("weightsDigest", "robotSoftware") if n in fact}
        known = self.versions.get(fact["id"])
        if actor.lines is not None and not {*lines} <= actor.lines:
            return refused("FORBIDDEN")
        if not {*lines} <= LINES.keys():
            return refused()
        promoted = "promotedFrom" in fact
        unsaid = known is not None and (promoted > known.from_trainer or not values.keys() <= known.values.keys())
        stand = [r for r in self.releases.values() if r.version == fact["id"]]
        if known and any(known.values.get(n, v) != v for n, v in values.items()):
            return refused("IMMUTABLE")
        if known and unsaid and any(self._lets_run(r) for r in stand):
            return refused("IMMUTABLE")
        if known is None and not (values or promoted):
            return refused("NOTHING_SAID")
        version = replace(known) if known else Version({}, actor.name, False)
        version.values, version.from_trainer = version.values | values, version.from_trainer or promoted
        version.completers |= {actor.name} if unsaid else frozenset()
        new = {
            id: Release(fact["id"], line, actor.name)
            for line in lines
            if (id := f"release:{fact['id'].partition(':')[2]}/{line.partition(':')[2]}") not in self.releases
        }
        if new and self.is_recalled(fact["id"]):
            return refused("RECALLED")
        for r in new.values():
            if any(part not in version.values for part in self.policy(r).get("candidate", ())):
                return refused("CANDIDATE_INCOMPLETE")
        self.versions[fact["id"]] = version
        self.releases |= new
        for r in stand if unsaid else ():
            self._lapse(r)
        for r in [*(stand if unsaid else ()), *new.values()]:
            self._weigh(r)
        return DONE if new or known is None or unsaid else SAME

    def _lets_run(self, release: Release) -> bool:
        """Whether an approval of a release stands, or an override does."""
        overridden = self.versions[release.version].bound in release.overridden
        return release.is_approved or release.state is State.DEPRECATED or overridden

    def _attachEvidence(self, actor: Actor, evidence: dict[str, Any], at: str) -> Answer:
        about, id = evidence["about"][0], evidence["id"]
        values = {m["metric"]: m["value"] for m in evidence["measurements"]}
        supersedes = tuple(evidence.get("supersedes", ()))
        if id in self.evidence:
            same = self.evidence[id]
            said = (about, values, evidence["measuredAt"], supersedes)
            return SAME if said == (same.about, same.values, same.at, same.supersedes) else refused("IMMUTABLE")
        build = self.artifacts.get(about)
        codes = {"UNDEFINED"} if not values.keys() <= PACK.keys() else set()
        if evidence["measuredAt"] > at:
            codes.add("IN_FUTURE")
        if about not in self.versions and build is None:
            return refused()
        if build and build.state == "DELETED":
            codes.add("ARTIFACT_UNUSABLE")
        for former in supersedes:
            if former not in self.evidence:
                codes.add("UNKNOWN")
            elif self.evidence[former].about != about:
                codes.add("OTHER_SUBJECT")
            elif self.evidence[former].superseded:
                codes.add("SUPERSEDED")
        if codes:
            return refused(*codes)
        for former in supersedes:
            self.evidence[former].superseded = id
        self.evidence[id] = Evidence(about, values, evidence["measuredAt"], self.clock, supersedes)
        for r in [*self._concerned(build.version if build else about)]:
            self._weigh(r)
        return DONE

    def _adoptPolicy(self, actor: Actor, policy: dict[str, Any], lines: list[str], reason: str, at: str) -> Answer:
        id, document = policy["id"], policy["document"]
        if id in self.policies and self.policies[id] != document:
            return refused("IMMUTABLE")
        if any(line not in LINES for line in lines):
            return refused("UNKNOWN")
        if id in self.policies and all(self.governing[line] == id for line in lines):
            return SAME
        self.policies[id] = document
        after = {"KEEP": None, "GRACE": "later", "REAPPROVE": "now"}[document["standingApprovals"]["rule"]]
        for line in [line for line in lines if self.governing[line] != id]:
            self.governing[line] = id
            for r in [r for r in self.releases.values() if r.line == line]:
                if r.approved_under not in (None, id) and after is not None and r.stale != "now":
                    r.stale = after
                self._weigh(r)
        return DONE

    def _evaluate(self, actor: Actor, line: str, at: str) -> Answer:
        """Whether a decision is due although no state changes is not said here."""
        if line not in LINES:
            return refused("UNKNOWN")
        if actor.lines is not None and line not in actor.lines:
            return refused("FORBIDDEN")
        for r in [r for r in self.releases.values() if r.line == line]:
            self._weigh(r)
        return DONE

    def _correct(self, actor: Actor, of: str, values: dict[str, Any], reason: str, at: str) -> Answer:
        if of.startswith("artifact:"):
            build = self.artifacts.get(of)
            if build is None:
                return refused("UNKNOWN")
            return refused("NOT_CORRECTABLE") if "state" in values else DONE
        version = self.versions.get(of)
        if version is None:
            return refused("UNKNOWN")
        changed = {n for n, v in values.items() if version.values.get(n) != v}
        if not changed:
            return SAME
        # What was never said makes nothing else of what was measured.
        other = "weightsDigest" in changed and "weightsDigest" in version.values
        concerned = [r for r in self._concerned(of) if other or r.version == of]
        if not changed <= version.values.keys():
            version.completers |= {actor.name}
        version.values = {n: v for n, v in (version.values | values).items() if v is not None}
        if other:
            version.corrected = self.clock
        for r in concerned:
            if r.version == of and r.state in (State.EVALUATED, State.APPROVED, State.DEPLOYED, State.DEPRECATED):
                r.state, r.rejected = (
                    (State.REJECTED, self.clock) if r.state is State.DEPRECATED else (State.CANDIDATE, r.rejected)
                )
                r.stale, r.approved_under, r.approved_on = None, None, []
            if r.state is not State.REJECTED:
                self._weigh(r)
        return DONE

    # ── decisions ───────────────────────────────────────────────────────────────────────────────────────

    def _found(self, actor: Actor, release: str) -> Release | Answer:
        found = self.releases.get(release)
        if found is None:
            return refused("NOT_FOUND")
        if actor.lines is not None and found.line not in actor.lines:
            return refused("FORBIDDEN")
        return found

    def _approve(self, actor: Actor, release: str, at: str, reason: str = "") -> Answer:
        r = self._found(actor, release)
        if not isinstance(r, Release):
            return r
        if self.is_recalled(r.version):
            return refused("RECALLED", recorded=True)
        if r.is_approved and r.stale != "now":
            return SAME
        lacks = self.unmet(r)
        if r.state not in (State.CANDIDATE, State.EVALUATED) and not r.is_approved:
            return refused("ILLEGAL_TRANSITION", recorded=True)
        if lacks:
            self._lapse(r)
            return refused(*(() if "*" in lacks else lacks), recorded=True)
        votes = self.standing_votes(r)
        if code := self.against_vote(r, actor):
            return refused(code, recorded=True)
        if actor.name in self.counted(r, votes):
            return refused("VOTED_BEFORE", recorded=True)
        r.state = State.EVALUATED if r.state is State.CANDIDATE else r.state
        vote = (actor.name, self.versions[r.version].bound, self.governing[r.line])
        r.votes.append(vote)
        if len(self.counted(r, [*votes, vote])) >= self.policy(r)["approvals"]["count"]:
            self._approved(r)
        return DONE

    def _decided(self, actor: Actor, release: str, type: Type, ways: dict[State, State]) -> Release | Answer:
        r = self._found(actor, release)
        if not isinstance(r, Release):
            return r
        if r.state not in ways:
            return refused("ILLEGAL_TRANSITION")
        r.state = ways[r.state]
        if type in (Type.REJECTION, Type.WITHDRAWAL, Type.RESTORATION):
            r.votes = []
        if type in (Type.REJECTION, Type.WITHDRAWAL, Type.DEPRECATION, Type.ARCHIVAL):
            r.overridden = []
        return r

    def _reject(self, actor: Actor, release: str, reason: str, at: str) -> Answer:
        ways = {State.CANDIDATE: State.REJECTED, State.EVALUATED: State.REJECTED}
        r = self._decided(actor, release, Type.REJECTION, ways)
        if not isinstance(r, Release):
            return r
        r.rejected, r.refused_before = self.clock, True
        return DONE

    def _withdrawApproval(self, actor: Actor, release: str, reason: str, at: str) -> Answer:
        ways = {State.APPROVED: State.EVALUATED, State.DEPLOYED: State.EVALUATED}
        r = self._decided(actor, release, Type.WITHDRAWAL, ways)
        if not isinstance(r, Release):
            return r
        r.refused_before, r.approved_under, r.stale, r.approved_on = True, None, None, []
        return DONE

    def _deprecate(self, actor: Actor, release: str, reason: str, at: str, rollbackAllowed: bool = True) -> Answer:
        found = self._found(actor, release)
        if isinstance(found, Release) and found.state is State.DEPRECATED and found.way_back is rollbackAllowed:
            return SAME
        ways = dict.fromkeys((State.APPROVED, State.DEPLOYED, State.DEPRECATED), State.DEPRECATED)
        r = self._decided(actor, release, Type.DEPRECATION, ways)
        if not isinstance(r, Release):
            return r
        r.way_back = rollbackAllowed
        return DONE

    def _archive(self, actor: Actor, release: str, reason: str, at: str) -> Answer:
        r = self._found(actor, release)
        if not isinstance(r, Release):
            return r
        if self.running(r, "PLANNED", "IN_PROGRESS", "ACTIVE") or self._is_seen(r):
            return refused("STILL_RUNS")
        ways = {State.REJECTED: State.ARCHIVED, State.DEPRECATED: State.ARCHIVED}
        found = self._decided(actor, release, Type.ARCHIVAL, ways)
        return DONE if isinstance(found, Release) else found

    def _is_seen(self, release: Release) -> bool:
        """Whether a robot runs it, as far as is reported, and not for another line of the version's alone."""
        for robot, artifact in self.seen.items():
            build = self.artifacts.get(artifact)
            if build and (build.version, build.target) == (release.version, LINES[release.line]):
                stands = {r.line for r in self.releases.values() if r.version == release.version}
                lines = stands & {line for fleet in self.fleets_at(robot) for line in FLEETS[fleet]}
                if not lines or release.line in lines:
                    return True
        return False

    def _restore(self, actor: Actor, release: str, reason: str, at: str) -> Answer:
        ways = {State.DEPRECATED: State.APPROVED, State.REJECTED: State.CANDIDATE}
        found = self._found(actor, release)
        if isinstance(found, Release) and found.state is State.DEPRECATED and (code := self.against_vote(found, actor)):
            return refused(code)
        r = self._decided(actor, release, Type.RESTORATION, ways)
        if not isinstance(r, Release):
            return r
        if r.is_approved and self.running(r, "ACTIVE"):
            r.state = State.DEPLOYED
        return DONE

    def _override(self, actor: Actor, release: str, reason: str, expiresAt: str, at: str) -> Answer:
        r = self._found(actor, release)
        if not isinstance(r, Release):
            return r
        if self.is_recalled(r.version):
            return refused("RECALLED")
        if expiresAt <= at:
            return refused("EXPIRED")
        if r.state is State.ARCHIVED:
            return refused("ILLEGAL_TRANSITION")
        r.overridden.append(self.versions[r.version].bound)
        return DONE

    # ── recalls ─────────────────────────────────────────────────────────────────────────────────────────

    def _beyond(self, actor: Actor, version: str) -> bool:
        """Whether a recall of a version reaches lines that are not the actor's, or none."""
        lines = {r.line for r in self.releases.values() if r.version == version}
        return actor.lines is not None and not (lines and lines <= actor.lines)

    def _recall(self, actor: Actor, subject: str, affected: str, reason: str, at: str) -> Answer:
        if self._beyond(actor, subject):
            return refused("FORBIDDEN")
        if subject not in self.versions:
            return refused("UNKNOWN")
        former = [r for r in self.recalls.values() if r.subject == subject]
        recall = next((r for r in former if not r.over), None) or Recall(subject)
        if recall.stands:
            return SAME
        if affected != self.digest(subject):
            return refused("PLAN_CHANGED")
        voters = {name for name, seen in recall.votes if seen == affected}
        policies = [self.policy(r) for r in self.releases.values() if r.version == subject]

        def counts(name: str, approvals: dict[str, Any]) -> bool:
            return not self.actors[name].machine or name in approvals.get("trustedMachines", ())

        codes = set()
        for approvals in (policy["approvals"] for policy in policies):
            if not counts(actor.name, approvals):
                codes.add("UNTRUSTED_MACHINE")
            elif actor.name in voters:
                codes.add("VOTED_BEFORE")
        if codes:
            return refused(*codes)
        recall.votes.append((actor.name, affected))
        every = {*voters, actor.name}
        recall.stands = all(
            len([name for name in every if counts(name, policy["approvals"])]) >= policy["approvals"]["count"]
            for policy in policies
        )
        if recall not in former:
            self.recalls[f"recall:{subject.replace('@', '%40')}/{len(former) + 1}"] = recall
        return DONE

    def _endRecall(self, actor: Actor, recall: str, reason: str, at: str) -> Answer:
        found = self.recalls.get(recall)
        if self._beyond(actor, found.subject if found else ""):
            return refused("FORBIDDEN")
        if found is None:
            return refused("UNKNOWN")
        if found.over:
            return SAME
        found.over = True
        return DONE

    def _extendRecall(self, actor: Actor, recall: str, at: str) -> Answer:
        # A version that is recalled is all that its recall names.
        return SAME if recall in self.recalls else refused("UNKNOWN")

    def _excuseRecallItem(self, actor: Actor, recall: str, item: str, reason: str, at: str) -> Answer:
        found = self.recalls.get(recall)
        began = found is not None and (found.stands or found.over)
        if actor.lines is not None and (not began or self._beyond(actor, found.subject if found else "")):
            return refused("FORBIDDEN")
        if found is None:
            return refused("UNKNOWN")
        if actor.machine:
            return refused("UNTRUSTED_MACHINE")
        if found.over or not found.stands or item not in self.going(found.subject):
            return refused("NO_ITEM")
        if item in found.excused:
            return SAME
        found.excused.add(item)
        return DONE

    # ── artifacts ───────────────────────────────────────────────────────────────────────────────────────

    def _registerArtifact(self, actor: Actor, artifact: dict[str, Any], at: str) -> Answer:
        id, version, target = artifact["id"], artifact["builtFrom"], artifact["target"]
        asked, known = artifact.get("state", "AVAILABLE"), self.artifacts.get(id)
        stands = known.state if known else None
        if version not in self.versions:
            return refused("UNKNOWN")
        if stands in ("QUARANTINED", "DELETED"):
            return refused()
        if stands == "AVAILABLE" or stands == asked:
            return SAME
        lines = [r for r in self.releases.values() if r.version == version and LINES[r.line] == target]
        if self.is_recalled(version) and asked != "AVAILABLE":
            return refused("RECALLED")
        if asked == "AVAILABLE" and not any(self.may_run(r) for r in lines):
            return refused()
        self.artifacts[id] = Artifact(version, target, asked)
        return DONE

    def _quarantineArtifact(self, actor: Actor, artifact: str, reason: str, at: str) -> Answer:
        return self._taken_away(actor, artifact, "QUARANTINED")

    def _deleteArtifact(self, actor: Actor, artifact: str, reason: str, at: str) -> Answer:
        build = self.artifacts.get(artifact)
        used = any(
            d.artifact == artifact and d.state in ("PLANNED", "IN_PROGRESS", "ACTIVE") for d in self.deployments.values()
        )
        if build and build.state != "DELETED" and used:
            return refused("IN_USE")
        return self._taken_away(actor, artifact, "DELETED")

    def _taken_away(self, actor: Actor, artifact: str, state: str) -> Answer:
        build = self.artifacts.get(artifact)
        if build is None:
            return refused("NOT_FOUND")
        if build.state == state:
            return SAME
        if build.state == "DELETED":
            return refused("OTHER_STATE")
        own = {r.line for r in self.releases.values() if (r.version, LINES[r.line]) == (build.version, build.target)}
        return self._within(actor, own, lambda: self._put_away(artifact, state))

    def _put_away(self, artifact: str, state: str) -> Answer:
        build = self.artifacts[artifact]
        build.state = state
        for r in [*self._concerned(build.version)]:
            self._weigh(r)
        return DONE

    def _within(self, actor: Actor, lines: set[str], change: Callable[[], Answer]) -> Answer:
        """What a change comes to, lines of releases that change included: undone where not all are the actor's."""
        before = deepcopy((self.releases, self.artifacts, self.deployments))
        answer = change()
        lines = lines | {r.line for id, r in self.releases.items() if r.state is not before[0][id].state}
        if actor.lines is None or (lines and lines <= actor.lines):
            return answer
        self.releases, self.artifacts, self.deployments = before
        return refused("FORBIDDEN")

    # ── what runs ───────────────────────────────────────────────────────────────────────────────────────

    def _lines_at(self, place: str, target: str | None) -> set[str]:
        lines = {line for fleet in self.fleets_at(place) for line in FLEETS[fleet]}
        return {line for line in lines if LINES[line] == target} or {*lines}

    def _out_of_reach(self, actor: Actor, place: str, target: str | None) -> bool:
        if actor.lines is None or place not in (*FLEETS, *COHORTS):
            return False
        lines = self._lines_at(place, target)
        return not lines or not lines <= actor.lines

    def _here(self, place: str) -> dict[str, Deployment]:
        return {id: d for id, d in self.deployments.items() if d.place == place}

    def is_stopped(self, d: Deployment) -> bool:
        """Whether somebody asked to stop what was requested before, at its place or the fleets of that."""
        return any(at > d.recorded for spot in {d.place, *self.fleets_at(d.place)} for at in self._stops_since(spot))

    def _stops_since(self, place: str) -> list[str]:
        """When a place was asked to stop since it left service last."""
        return [at for at in self.stops.get(place, ()) if at > self.left.get(place, "")]

    def _canaries(self, place: str, artifact: str) -> dict[str, Deployment]:
        return {id: d for id, d in self.deployments.items() if (d.place, place) in self.belongs and d.artifact == artifact}

    def _requestDeployment(self, actor: Actor, artifact: str, on: str, reason: str, id: str, at: str) -> Answer:
        build = self.artifacts.get(artifact)
        if self._out_of_reach(actor, on, build.target if build else None):
            return refused("FORBIDDEN")
        if known := self.deployments.get(id):
            return SAME if (known.artifact, known.place) == (artifact, on) else refused("IMMUTABLE")
        here = self._here(on)
        if any(d.is_pending and not self.is_stopped(d) for d in here.values()) or not self.fits(artifact, on):
            return refused()
        around = here | self._canaries(on, artifact)
        former = [i for i, d in around.items() if d.state == "ACTIVE" or (d.is_pending and self.is_stopped(d))]
        self.deployments[id] = Deployment(artifact, on, at, replaces=tuple(former))
        return DONE

    def _reportDeployment(self, actor: Actor, deployment: str, state: str, at: str) -> Answer:
        d = self.deployments.get(deployment)
        codes = {"NOT_FOUND"} if d is None else set()
        if state == "PLANNED":
            codes.add("NOT_REPORTED")
        if d is None or codes:
            return refused(*codes)
        lines = self._lines_at(d.place, self.artifacts[d.artifact].target)
        return self._within(actor, lines, lambda: self._reported(d, state, at))

    def _reported(self, d: Deployment, state: str, at: str) -> Answer:
        if state == "FAILED":
            d.failed_last = at
        if state == "ENDED" and d.confirmed:
            d.ended = at
        if not (d.confirmed and state == "IN_PROGRESS"):
            d.state = "ENDED" if d.rejoins and state == "ACTIVE" else state
        d.confirmed = state == "ACTIVE" or (d.confirmed and state == "IN_PROGRESS")
        if state == "ACTIVE":
            d.active_since, d.active_last = d.active_since or at, at
            others = {**self._here(d.place), **self._canaries(d.place, d.artifact)}
            for id, other in self.deployments.items():
                taken = id in others and other.state == "ACTIVE"
                if other is not d and (taken or (id in d.replaces and (other.is_pending or other.state == "ACTIVE"))):
                    other.ended = at if other.confirmed else other.ended
                    other.state, other.confirmed = "ENDED", False
        for r in self.releases.values():
            if r.is_approved:
                r.state = State.DEPLOYED if self.running(r, "ACTIVE") else State.APPROVED
        return DONE

    def undone(self, place: str) -> tuple[str, Deployment] | None:
        """What going back at a place undoes."""
        for spot in dict.fromkeys((place, *self.fleets_at(place))):
            tried = {
                i: d for i, d in self._here(spot).items() if not d.rolls_back or not (d.is_pending or d.active_since is None)
            }
            if begun := [(i, d) for i, d in tried.items() if d.state == "IN_PROGRESS"]:
                return max(begun, key=lambda item: item[1].active_since or item[1].recorded)
            if failed := [
                (i, d) for i, d in tried.items() if d.state == "FAILED" and not self._is_over(i, d.failed_last, place)
            ]:
                return max(failed, key=lambda item: (item[1].failed_last, item[0]))
            if active := [(i, d) for i, d in tried.items() if d.state == "ACTIVE"]:
                return max(active, key=lambda item: item[1].active_since or item[1].recorded)
            over = [(i, d) for i, d in tried.items() if d.state == "ENDED" and d.ended and not d.rejoins and self.is_stopped(d)]
            if over := [(i, d) for i, d in over if not self._is_over(i, d.ended, place)]:
                return max(over, key=lambda item: (item[1].ended, item[0]))
        vain = [(i, d) for i, d in self._here(place).items() if d.rolls_back and d.state == "FAILED" and d.active_since is None]
        if vain := [(i, d) for i, d in vain if not self._is_over(i, d.failed_last, place)]:
            former = max(vain, key=lambda item: (item[1].failed_last, item[0]))[1].rolls_back
            return former and (former, self.deployments[former])
        return None

    def _is_over(self, id: str, since: str, place: str) -> bool:
        """Whether something else was active at a place since a deployment failed or was over."""
        around = [item for spot in {place, *self.fleets_at(place)} for item in self._here(spot).items()]
        return any(d.active_last >= since for i, d in around if i != id)

    def ways_back(self, place: str) -> set[str]:
        """The artifacts that may be gone back to at a place."""
        bad = self.undone(place)
        very = {d.artifact for d in self._ran(place)}
        undone = self.undone_before(place) | ({bad[1].artifact} if bad else set())
        versions = {self.artifacts[id].version for id in very} - {self.artifacts[id].version for id in undone}
        return {
            id
            for id, build in self.artifacts.items()
            if (build.version in versions or id in very)
            and (bad is None or id != bad[1].artifact)
            and self.fits(id, place, goes_back=True)
        }

    def _ran(self, place: str) -> list[Deployment]:
        """What ever ran at a place, in the order in which it was asked for."""
        return [d for d in self.deployments.values() if d.place in {place, *self.fleets_at(place)} and d.active_since]

    def undone_before(self, place: str) -> set[str]:
        """The artifacts that going back undid at a place, and that were not deployed there since."""
        undone: set[str] = set()
        for d in self._ran(place):
            undone.discard(d.artifact)
            if d.rolls_back and self.deployments[d.rolls_back].place in {place, *self.fleets_at(place)}:
                undone.add(self.deployments[d.rolls_back].artifact)
                stopped = [self.deployments[id] for id in d.replaces]
                undone |= {s.artifact for s in stopped if s.active_since and s.artifact != d.artifact}
        return undone

    def _rollBack(self, actor: Actor, on: str, reason: str, id: str, at: str, to: str | None = None) -> Answer:
        bad = self.undone(on)
        if self._out_of_reach(actor, on, self.artifacts[bad[1].artifact].target if bad else None):
            return refused("FORBIDDEN")
        if known := self.deployments.get(id):
            return SAME if known.place == on and to in (None, known.artifact) else refused("IMMUTABLE")
        rollbacks = (d for d in self._here(on).values() if d.is_pending and d.rolls_back)
        going = next((d for d in rollbacks if not self.is_stopped(d)), None)
        if going and to in (None, going.artifact):
            return SAME
        ways = self.ways_back(on)
        return DONE if bad and (to in ways if to else ways - self.undone_before(on)) else refused()

    def went_back(self, on: str, id: str, artifact: str, at: str) -> None:
        """A deployment that going back came to: which of several ways is best is not said here."""
        former = {i: d for i, d in self._here(on).items() if d.is_pending or d.state == "ACTIVE"}
        former |= {i: d for i, d in self._canaries(on, artifact).items() if d.state == "ACTIVE"}
        bad = self.undone(on)
        assert bad is not None
        fleet = [
            d
            for f in self.fleets_at(on)
            for d in self._here(f).values()
            if d.state == "ACTIVE" and d.artifact == artifact and not self.is_stopped(d)
        ]
        for d in self._here(on).values():
            d.state = "ENDED" if d.state == "PLANNED" else d.state
        self.deployments[id] = Deployment(
            artifact, on, at, replaces=tuple(former), rolls_back=bad[0], rejoins=on in COHORTS and bool(fleet)
        )

    def _requestStop(self, actor: Actor, place: list[str], reason: str, at: str) -> Answer:
        known = [spot for spot in place if spot in (*FLEETS, *COHORTS, *ROBOTS)]
        for spot in known:
            lines = {line for fleet in self.fleets_at(spot) for line in FLEETS[fleet]}
            if actor.lines is not None and (not lines or not lines <= actor.lines):
                return refused("FORBIDDEN")
        if known != place:
            return refused("UNKNOWN")
        new = [spot for spot in place if not self._is_stopping(spot)]
        for spot in new:
            self.stops.setdefault(spot, []).append(at)
            inside = {spot, *(member for member, group in self.belongs if group == spot)} - {*ROBOTS}
            for d in self.deployments.values():
                d.state = "ENDED" if d.place in inside and d.state == "PLANNED" else d.state
        return DONE if new else SAME

    def _is_stopping(self, place: str) -> bool:
        """Whether somebody asked a place to stop, and nothing was requested there since."""
        since = max(self._stops_since(place), default=None)
        groups = {group for member, group in self.belongs if member == place}
        around = {place, *groups, *self.fleets_at(place)}
        around |= {member for member, group in self.belongs if group == place} if place in FLEETS else set()
        return since is not None and not any(d.place in around and d.recorded > since for d in self.deployments.values())

    def _reportInstallation(self, actor: Actor, robot: str, artifact: str, since: str, at: str) -> Answer:
        self.seen[robot] = artifact
        return DONE

    # ── what went wrong ─────────────────────────────────────────────────────────────────────────────────

    def _tell(self, actor: Actor, at: str, news: dict[str, Event]) -> Answer:
        """Something is told of incidents or maintenance, at a moment that may be yet to come."""
        changed = {
            id: new for id, new in news.items()
            if id not in self.events or not (new.told <= self.events[id].told and new.ends <= self.events[id].ends)
        }  # fmt: skip
        if self._happened_beyond(actor, changed):
            return refused("FORBIDDEN")
        for id, new in changed.items():
            known = self.events.setdefault(id, Event())
            known.told |= new.told
            known.ends |= new.ends
        return DONE if changed else SAME

    def _happened_beyond(self, actor: Actor, events: Iterable[str]) -> bool:
        """Whether some of these happened in lines that are not the actor's."""
        places = {place for id in events if id in self.events for name, place in self.events[id].ends if name == "at"}
        belongs = {
            fleet for place in places for fleet in ([place] if place in FLEETS else [ROBOTS[place]] if place in ROBOTS else [])
        }
        return actor.lines is not None and not {line for fleet in belongs for line in FLEETS[fleet]} <= actor.lines

    def _happened(self, actor: Actor, prefix: str, report: dict[str, Any], at: str) -> Answer:
        since, severity = report["since"], report.get("severity")
        if since > at:
            return refused("IN_FUTURE")
        told = {("state", since, "OPEN"), *({("severity", since, severity)} if severity else ())}
        return self._tell(actor, at, {f"{prefix}:{report['externalIds'][0]}": Event(told, {("at", p) for p in report["at"]})})

    def _reportIncident(self, actor: Actor, reports: list[dict[str, Any]], at: str) -> Answer:
        return self._happened(actor, "incident", reports[0], at)

    def _reportMaintenance(self, actor: Actor, reports: list[dict[str, Any]], at: str) -> Answer:
        # Only an earlier beginning is news.
        (report,) = reports
        known = self.events.get(f"maintenance:{report['externalIds'][0]}")
        earliest = min((since for _, since, _ in known.told), default=None) if known else None
        since = report["since"] if report["since"] > at or earliest is None else min(report["since"], earliest)
        return self._happened(actor, "maintenance", report | {"since": since}, at)

    def _change(
        self, actor: Actor, incidents: list[str], asOf: str, at: str, name: str, value: str, *ends: tuple[str, str]
    ) -> Answer:
        if asOf > at:
            return refused("IN_FUTURE")
        return self._tell(actor, at, {id: Event({(name, asOf, value)}, {*ends}) for id in incidents})

    def _escalateIncident(self, actor: Actor, incidents: list[str], severity: str, asOf: str, at: str) -> Answer:
        return self._change(actor, incidents, asOf, at, "severity", severity)

    def _resolveIncident(self, actor: Actor, incidents: list[str], asOf: str, at: str) -> Answer:
        return self._change(actor, incidents, asOf, at, "state", "RESOLVED")

    def _reopenIncident(self, actor: Actor, incidents: list[str], asOf: str, at: str) -> Answer:
        return self._change(actor, incidents, asOf, at, "state", "OPEN")

    def _dismissIncident(
        self, actor: Actor, incidents: list[str], asOf: str, at: str, duplicateOf: str | None = None
    ) -> Answer:
        if duplicateOf in incidents:
            return refused("INVALID_INPUT")
        if duplicateOf is None:
            return self._change(actor, incidents, asOf, at, "state", "FALSE_ALARM")
        return self._change(actor, incidents, asOf, at, "state", "DUPLICATE", ("duplicateOf", duplicateOf))

    def _attribute(self, actor: Actor, incidents: list[str], suspects: list[str], id: str, at: str) -> Answer:
        if self._happened_beyond(actor, incidents):
            return refused("FORBIDDEN")
        if "run:none" in suspects or not {*incidents} <= self.events.keys():
            return refused("UNKNOWN")
        new = Attribution(actor.name, frozenset(incidents), frozenset(suspects))
        if known := self.attributions.get(id):
            same = (known.actor, known.explains) == (new.actor, new.explains) and new.suspects in (known.suspects, frozenset())
            return SAME if same else refused("IMMUTABLE")
        current = [a for a in self.attributions.values() if not a.superseded and a.explains & new.explains]
        if new in current:
            return SAME
        for former in current:
            former.superseded = former.explains <= new.explains
        self.attributions[id] = new
        return DONE

    # ── what ends ───────────────────────────────────────────────────────────────────────────────────────

    def _is_beyond(self, actor: Actor, place: str) -> bool:
        """Whether a place is in a line that is not the actor's, or in none and the actor is limited to some."""
        fleets = self.fleets_at(place) | self.out.get(place, set())
        lines = {line for fleet in fleets for line in FLEETS[fleet]}
        return actor.lines is not None and (not lines or not lines <= actor.lines)

    def _decommission(self, actor: Actor, place: str, reason: str, at: str) -> Answer:
        if self._is_beyond(actor, place):
            return refused("FORBIDDEN")
        if place not in (*FLEETS, *COHORTS, *ROBOTS):
            return refused("UNKNOWN")
        if place in self.out:
            return SAME
        spots = {place, *(member for member, group in self.belongs if group == place)}
        if any(d.place in spots and (d.is_pending or d.state == "ACTIVE") for d in self.deployments.values()):
            return refused("NOT_OVER")
        self.out[place], robots = self.fleets_at(place), self.robots_at(place)
        self.left[place] = at
        self.belongs = frozenset(pair for pair in self.belongs if place not in pair)
        for robot in {place, *(robot for robot in robots if not self.fleets_at(robot))}:
            self.seen.pop(robot, None)
        return DONE

    def _recommission(self, actor: Actor, place: str, reason: str, at: str) -> Answer:
        if self._is_beyond(actor, place):
            return refused("FORBIDDEN")
        if place not in (*FLEETS, *COHORTS, *ROBOTS):
            return refused("UNKNOWN")
        return DONE if self.out.pop(place, None) is not None else SAME

    def rejoin(self) -> set[tuple[str, str]]:
        """What is recorded anew, of what belonged somewhere at first and is in service again."""
        anew = {pair for pair in BELONGS - self.belongs if not {*pair} & self.out.keys()}
        self.belongs |= anew
        return anew
