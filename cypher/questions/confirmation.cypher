// Says whether a stop came about, as far as reports say: what was active at the place is reported over, and no robot of it is seen to
// run anything. What a deployment that was requested later brought there does not count.
//
// on Stop
// time at
// answers Confirmation: How far a stop came.
// column state StopState(REQUESTED, CONFIRMED, SUPERSEDED)!: REQUESTED as long as something is reported to run there. SUPERSEDED once a deployment that was requested later became active there. CONFIRMED otherwise.
// column robots [Robot!]!: The robots that are seen to run something. A robot that became silent stays among them.
// column deployments [Deployment!]!: The deployments to the place, and to the cohorts of the fleet, that are not reported over.
// column supersededBy Deployment: The first deployment that was requested later and became active there: to the place, or to what it belongs to. Null without one.
// column lastSeenAt DateTime: When the newest report of a robot that is seen to run something came. Null without one, and with `asKnownAt`.
MATCH (stop:Stop {id: $self})-[on:ON]->(place:Robot|Cohort|Fleet) WHERE true
CALL (place) {
  WITH * WHERE NOT place:Robot
  RETURN place AS near
  UNION
  MATCH (place)-[within:MEMBER_OF|PART_OF]->(near:Fleet|Cohort) WHERE holds(within, $at)
  RETURN near
  UNION
  MATCH (place)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(near:Fleet) WHERE holds(member, $at) AND holds(part, $at)
  RETURN near
  UNION
  RETURN null AS near
}
WITH stop, place, collect(DISTINCT near) AS groups
WITH stop, stop /* as known */ AS request, place, groups
WITH request, place,
  COLLECT {
    CALL (place) {
      WITH * WHERE place:Robot
      RETURN place AS robot
      UNION
      MATCH (robot:Robot)-[member:MEMBER_OF]->(place) WHERE holds(member, $at)
      RETURN robot
      UNION
      MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, $at) AND holds(part, $at)
      RETURN robot
    }
    WITH DISTINCT robot ORDER BY robot.id
    RETURN robot
  } AS members,
  COLLECT {
    CALL (place, request) {
      MATCH (place)<-[on:ON]-(deployment:Deployment) WHERE holds(deployment, $at) AND stopped_by(deployment, request)
      RETURN deployment
      UNION
      MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[on:ON]-(deployment:Deployment)
      WHERE holds(part, $at) AND holds(deployment, $at) AND stopped_by(deployment, request)
      RETURN deployment
    }
    WITH DISTINCT deployment ORDER BY deployment.id
    RETURN deployment
  } AS deployments,
  COLLECT {
    UNWIND groups AS near
    MATCH (later:Deployment)-[on:ON]->(near) WHERE overtakes(later, request, $at)
    WITH DISTINCT later ORDER BY later.validFrom, later.id LIMIT 1
    RETURN later
  }[0] AS supersededBy
CALL (request, members) {
  UNWIND members AS robot
  CALL (robot) {
    MATCH (robot)-[member:MEMBER_OF]->(near:Fleet|Cohort) WHERE holds(member, $at)
    RETURN near
    UNION
    MATCH (robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(near:Fleet) WHERE holds(member, $at) AND holds(part, $at)
    RETURN near
    UNION
    RETURN null AS near
  }
  WITH request, robot, collect(DISTINCT near) AS groups
  WITH robot, newest_installation(robot, $at) AS installation, overtaken(request, groups, $at) AS overtaken
  WITH robot, installation WHERE installation IS NOT NULL AND NOT overtaken
  WITH robot, installation ORDER BY robot.id
  RETURN collect(installation) AS running
}
RETURN CASE WHEN supersededBy IS NOT NULL THEN 'SUPERSEDED' WHEN size(deployments) + size(running) > 0 THEN 'REQUESTED' ELSE 'CONFIRMED' END AS state,
  COLLECT { UNWIND running AS installation MATCH (installation)-[on:ON]->(robot:Robot) WHERE true RETURN robot } AS robots,
  deployments,
  supersededBy,
  COLLECT { UNWIND running AS installation WITH installation WHERE installation.lastSeenAt IS NOT NULL WITH installation ORDER BY installation.lastSeenAt DESC LIMIT 1 RETURN installation.lastSeenAt }[0] AS lastSeenAt
