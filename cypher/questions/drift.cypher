// Lists where a fleet does not run what it should. It lists robots that run something other than intended, that report nothing although
// something is intended, that run something without permission or by an override alone,
// or that are silent for longer than their fleets allow. It also lists active deployments of such.
//
// An artifact may run there if its version is approved, or overridden, in a line of the fleet for the artifact's hardware, and if the
// artifact is not in quarantine, while no recall that stands names it by lineage. A stale approval is marked and is no drift by itself: what runs on it goes on. On a place out of
// service nothing may run and nothing is intended. If robots of the fleet belong to none since then, what they run is drift. After a
// request to stop what runs there, nothing is intended that was requested before.
//
// parameter fleet ID(Fleet)!: The fleet.
// field Fleet.drift(fleet: id): Lists where the fleet does not run what it should.
// time at
// faults
// answers [Drift]: A robot that does not run what it should, or an active deployment on the fleet or one of its cohorts that should not be active.
// column robot Robot: The robot. Null if the row is about a deployment itself, whether robots report its artifact or not.
// column standing RunningStanding(AS_INTENDED, DIFFERENT, UNREPORTED, UNINTENDED, UNKNOWN): How observation and intention compare on the robot. UNREPORTED if it reported nothing. Null without a robot.
// column installation Installation: The newest report. Null if the robot reported nothing.
// column lastSeenAt DateTime: When the newest report came. Null if none came, and with `asKnownAt`.
// column silent Boolean!: Whether the robot has been silent since `lastSeenAt` for as long as one of its fleets allows (`Fleet.silentAfter`), or longer. With `asKnownAt` it is false.
// column observed Artifact: The artifact that was observed.
// column observedVersion ModelVersion: The model version that it was built from. Null if nobody registered the artifact.
// column registered Boolean: Whether somebody registered the observed artifact. Null if the robot reported nothing.
// column authorized Boolean!: Whether the observed artifact may run there: it has a basis and is AVAILABLE. If the robot reported nothing, this is about the intended artifact.
// column basis Basis: Why its version may run there. Null if it may not.
// column recalls [Recall!]!: The recalls that stand and name the observed artifact, or the intended one if the robot reported nothing, by lineage. While there is one, it may run nowhere.
// column deployment Deployment: The deployment that says what should run. A deployment of the robot's cohort goes before one of its fleet.
// column intended Artifact: The artifact that should run. Null if nothing is intended.
// column stop Stop: The request to stop what runs there. Null if there is none, or if a deployment that was requested later took its place.
MATCH (fleet /* of fleet */ {id: $fleet}) WHERE true
CALL (fleet) {
  MATCH (fleet)<-[within:MEMBER_OF|ON]-(subject:Robot|Deployment) WHERE holds_if_dated(within, $at)
  RETURN subject
  UNION
  MATCH (fleet)<-[part:PART_OF]-(cohort:Cohort)<-[within:MEMBER_OF|ON]-(subject:Robot|Deployment) WHERE holds_if_dated(within, $at) AND holds(part, $at)
  RETURN subject
  UNION
  MATCH (fleet)<-[lost:CONCERNS]-(out:Decommissioning)-[released:CONCERNS]->(subject:Robot)
  WHERE holds(out, $at)
    AND NOT EXISTS { MATCH (subject)-[member:MEMBER_OF]->(other:Fleet) WHERE holds(member, $at) }
    AND NOT EXISTS { MATCH (subject)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(other:Fleet) WHERE holds(member, $at) AND holds(part, $at) }
  RETURN subject
}
WITH DISTINCT subject
WITH subject, subject /* as known */ AS told
WITH subject WHERE subject:Robot OR holds(told, $at)
WITH subject,
  COLLECT { WITH * WHERE subject:Robot MATCH (subject)<-[ends:DECOMMISSIONS]-(out:Decommissioning) WHERE holds(out, $at) RETURN out.id }[0] AS ended
CALL (subject, ended) {
  WITH * WHERE ended IS NULL
  MATCH (subject)-[within:MEMBER_OF|ON]->(group:Fleet|Cohort) WHERE holds_if_dated(within, $at)
  RETURN group
  UNION
  RETURN null AS group
}
CALL (group) {
  WITH * WHERE group IS NOT NULL AND group:Fleet
  RETURN group AS around
  UNION
  WITH * WHERE group IS NOT NULL
  MATCH (group)-[part:PART_OF]->(around:Fleet) WHERE holds(part, $at)
  RETURN around
  UNION
  RETURN null AS around
}
WITH subject, collect(DISTINCT group) + collect(DISTINCT around) AS groups, collect(DISTINCT around) AS fleets,
  min(CASE WHEN around IS NOT NULL THEN around.silentAfter END) AS allowed
WITH fleets, groups, allowed, CASE WHEN subject:Robot THEN subject END AS robot, CASE WHEN subject:Deployment THEN subject END AS active
WITH fleets, groups, allowed, robot, active, newest_stop([robot] + groups, $at) AS stop
WITH fleets, groups, allowed, robot, active, stop, stop /* as known */ AS request
WITH fleets, allowed, robot, active, stop, request,
  newest_installation(robot, $at) AS installation,
  meant(groups, request, $at) AS meant,
  overtaken(request, groups, $at) AS overtaken,
  stopped_by(active, request) AS stopped
WITH fleets, robot, installation,
  CASE WHEN installation IS NOT NULL THEN installation.lastSeenAt END AS last,
  allowed,
  CASE WHEN robot IS NULL THEN active ELSE meant END AS deployment,
  CASE WHEN robot IS NOT NULL THEN meant WHEN NOT stopped THEN active END AS meant,
  CASE WHEN CASE WHEN robot IS NULL THEN stopped ELSE NOT overtaken END THEN stop END AS stop
WITH fleets, robot, installation, deployment, stop,
  CASE WHEN last IS NULL OR allowed IS NULL THEN false ELSE datetime(last) + duration({seconds: allowed}) <= datetime($at) END AS silent,
  artifact_of(installation) AS observed,
  artifact_of(deployment) AS artifact,
  artifact_of(meant) AS intended
WITH fleets, robot, installation, deployment, stop, silent, observed, intended,
  CASE WHEN observed IS NULL THEN artifact ELSE observed END AS artifact,
  CASE WHEN robot IS NOT NULL THEN comparison(observed, intended) END AS standing
WITH * WHERE artifact IS NOT NULL
WITH robot, installation, deployment, stop, silent, observed, intended, standing,
  usable(artifact, $at) AS usable,
  recalled(artifact, $at) AS recalls,
  permitted(artifact, fleets, $at) AS basis
WITH robot, installation, deployment, stop, silent, observed, intended, standing, usable, recalls, CASE WHEN size(recalls) = 0 THEN basis END AS basis
WITH * WHERE coalesce(standing <> 'AS_INTENDED', stop IS NOT NULL) OR basis IS NULL OR basis = 'OVERRIDE' OR NOT usable OR silent
RETURN robot,
  standing,
  installation,
  installation.lastSeenAt AS lastSeenAt,
  silent,
  observed,
  version_of(observed) AS observedVersion,
  CASE WHEN observed IS NOT NULL THEN observed.describedAt IS NOT NULL END AS registered,
  usable AND basis IS NOT NULL AS authorized,
  basis,
  recalls,
  deployment,
  intended,
  stop
ORDER BY coalesce(robot.id, ''), coalesce(deployment.id, '')
