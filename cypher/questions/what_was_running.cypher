// Lists what was running on a robot, on a fleet or at a site at a moment, and whose it was then. It answers what was observed and what was intended.
//
// parameter place ID(Robot, Fleet, Site)!: The robot, fleet or site.
// field Robot.whatIsRunning(place: id): Lists what is running on the robot, and whose it is. It answers what was observed and what is intended.
// field Fleet.whatIsRunning(place: id): Lists what is running on the robots of the fleet, and whose it is. It answers what was observed and what is intended.
// field Site.whatIsRunning(place: id): Lists what is running on the robots at the site, and whose it is. It answers what was observed and what is intended.
// field Incident.whatWasRunning(place: at, at: validFrom): Lists what was running where the incident happened when it began, and whose it was then. It answers what was observed and what was intended.
// field Incident.whatIsRunning(place: at): Lists what is running where the incident happened, and whose it is.
// time at
// answers [WasRunning]: A robot, or a fleet without recorded robots, with what ran there.
// column robot Robot: The robot. Null for a fleet that had no known robot at the moment.
// column standing RunningStanding(AS_INTENDED, DIFFERENT, UNREPORTED, UNINTENDED, UNKNOWN)!: How observation and intention compare. AS_INTENDED: the same artifact. DIFFERENT: two artifacts. UNREPORTED: intended, not observed. UNINTENDED: observed, not intended. UNKNOWN: neither.
// column installation Installation: The newest report.
// column lastSeenAt DateTime: When the newest report came. Null if none came, and with `asKnownAt`.
// column observed Artifact: The artifact that was observed.
// column observedVersion ModelVersion: The model version that it was built from. Null if nobody registered the artifact.
// column authorized Boolean: Whether the observed artifact might run there: its version had a basis, and the artifact was AVAILABLE. If the robot reported nothing, this is about the intended artifact. Null if there was neither.
// column basis Basis: Why its version might run there, in a line of the fleet for its hardware. With several fleets it needs a reason in each. Null if it might not.
// column recalls [Recall!]!: The recalls that stood then and named the observed artifact, or the intended one if the robot reported nothing, by lineage. While there is one, the artifact may run nowhere.
// column deployment Deployment: The deployment that says what should run. A deployment of the robot's cohort goes before one of its fleet.
// column intended Artifact: The intended artifact.
// column intendedVersion ModelVersion: The model version that it was built from.
// column stop Stop: The request to stop what ran there. Null if there was none, or if a deployment that was requested later took its place.
// column fleets [Fleet!]!: The fleets that it belonged to then.
// column sites [Site!]!: The sites that they worked at then.
// column customers [Customer!]!: Their customers then.
MATCH (place /* of place */ {id: $place}) WHERE true
CALL (place) {
  WITH * WHERE place:Fleet
  RETURN place AS fleet
  UNION
  MATCH (fleet:Fleet)-[there:AT]->(place) WHERE holds(there, $at)
  RETURN fleet
  UNION
  WITH * WHERE place:Robot
  RETURN null AS fleet
}
CALL (place, fleet) {
  WITH * WHERE place:Robot
  RETURN place AS robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  MATCH (robot:Robot)-[member:MEMBER_OF]->(fleet) WHERE holds(member, $at)
  RETURN robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  MATCH (fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, $at) AND holds(part, $at)
  RETURN robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  RETURN null AS robot
}
WITH robot, CASE WHEN robot IS NULL THEN fleet END AS alone, fleet
WITH fleet, collect(DISTINCT robot) AS robots, collect(alone)[0] AS alone
UNWIND CASE WHEN size(robots) > 0 THEN robots ELSE [null] END AS robot
WITH DISTINCT robot, CASE WHEN robot IS NULL THEN alone END AS alone
WITH robot, alone,
  COLLECT { WITH * WHERE robot IS NOT NULL MATCH (robot)<-[ends:DECOMMISSIONS]-(out:Decommissioning) WHERE holds(out, $at) RETURN out.id }[0] AS ended
CALL (robot, alone, ended) {
  WITH * WHERE alone IS NOT NULL
  RETURN alone AS group
  UNION
  WITH * WHERE robot IS NOT NULL AND ended IS NULL
  MATCH (robot)-[member:MEMBER_OF]->(group:Fleet|Cohort) WHERE holds(member, $at)
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
WITH robot, alone, collect(DISTINCT group) + collect(DISTINCT around) AS groups, collect(DISTINCT around) AS fleets
WITH robot, alone, groups, fleets, newest_stop([robot] + groups, $at) AS stop
WITH robot, alone, groups, fleets, stop, stop /* as known */ AS request
WITH robot, alone, fleets,
  CASE WHEN NOT overtaken(request, groups, $at) THEN stop END AS stop,
  newest_installation(robot, $at) AS installation,
  meant(groups, request, $at) AS deployment
WITH robot, alone, fleets, installation, deployment, stop,
  artifact_of(installation) AS observed,
  artifact_of(deployment) AS intended
WITH robot, alone, fleets, installation, deployment, stop, observed, intended, CASE WHEN observed IS NULL THEN intended ELSE observed END AS artifact
WITH robot, alone, fleets, installation, deployment, stop, observed, intended, artifact, recalled(artifact, $at) AS recalls
RETURN robot,
  comparison(observed, intended) AS standing,
  installation,
  installation.lastSeenAt AS lastSeenAt,
  observed,
  version_of(observed) AS observedVersion,
  CASE WHEN artifact IS NOT NULL THEN size(recalls) = 0 AND usable(artifact, $at) AND permitted(artifact, fleets, $at) IS NOT NULL END AS authorized,
  CASE WHEN size(recalls) = 0 THEN permitted(artifact, fleets, $at) END AS basis,
  recalls,
  deployment,
  intended,
  version_of(intended) AS intendedVersion,
  stop,
  COLLECT { UNWIND fleets AS fleet WITH fleet ORDER BY fleet.id RETURN fleet } AS fleets,
  sites_of(fleets, $at) AS sites,
  customers_of(fleets, $at) AS customers
ORDER BY coalesce(robot.id, ''), coalesce(alone.id, '')
