// What a report of an artifact on a robot meets: the artifact, as it is known, the robot's installations around the moment, and the
// deployments of the artifact that cover the robot then. One row. Locks the robot.
//
// parameter robot ID(Robot): The robot.
// parameter artifact ID(Artifact): The artifact by its id,
// parameter digest String: or by its digest,
// parameter externalId String: or by its name in another system.
// parameter since DateTime!: Since when it was seen.
CALL () {
  MATCH (robot:Robot {id: $robot}) WHERE true
  RETURN robot
  UNION
  RETURN null AS robot
}
WITH collect(robot)[0] AS robot
REMOVE robot.lock
WITH robot
CALL () {
  MATCH (artifact:Artifact {id: $artifact}) WHERE true
  RETURN artifact, 0 AS rank
  UNION
  MATCH (artifact:Artifact {id: 'artifact:' + $digest}) WHERE true
  RETURN artifact, 1 AS rank
  UNION
  MATCH (artifact:Artifact {digest: $digest}) WHERE true
  RETURN artifact, 2 AS rank
  UNION
  MATCH (external:ExternalId {id: $externalId})-[names:IDENTIFIES]->(artifact:Artifact) WHERE true
  RETURN artifact, 3 AS rank
  UNION
  RETURN null AS artifact, 4 AS rank
}
WITH robot, artifact ORDER BY rank, artifact.id
WITH robot, collect(artifact)[0] AS artifact
WITH robot, artifact,
  COLLECT {
    WITH * WHERE robot IS NOT NULL
    MATCH (found:Installation)-[on:ON]->(robot) WHERE found.validFrom < $since AND coalesce(found.validTo > $since, true)
    WITH found ORDER BY found.id
    RETURN found
  } AS before,
  COLLECT {
    WITH * WHERE robot IS NOT NULL
    MATCH (found:Installation)-[on:ON]->(robot) WHERE found.validFrom = $since
    WITH found ORDER BY found.id
    RETURN found
  } AS same
RETURN artifact.id AS artifact,
  robot.retractedAt AS retracted,
  COLLECT {
    WITH * WHERE robot IS NOT NULL
    MATCH (found:Installation)-[on:ON]->(robot) WHERE found.validFrom > $since
    WITH found ORDER BY found.validFrom LIMIT 1
    RETURN found.validFrom
  }[0] AS next,
  COLLECT { UNWIND before AS found RETURN found{.id, .validTo} AS item } AS before,
  COLLECT {
    UNWIND same AS found
    RETURN found{
      .id, .validTo,
      artifact: COLLECT { MATCH (found)-[of:OF]->(seen:Artifact) WHERE true RETURN seen.id }[0],
      installedBy: COLLECT { MATCH (found)-[by:INSTALLED_BY]->(deployment:Deployment) WHERE true RETURN deployment.id }[0]
    } AS item
  } AS same,
  COLLECT {
    WITH * WHERE robot IS NOT NULL AND artifact IS NOT NULL
    MATCH (robot)-[member:MEMBER_OF]->(place:Fleet|Cohort)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact) WHERE member.validFrom <= $since AND coalesce(member.validTo > $since, true)
    WITH DISTINCT deployment, place ORDER BY deployment.id
    RETURN deployment{.id, .state, .validFrom, .validTo, .recordedAt, .plannedFor, toCohort: place:Cohort} AS item
  } AS covering,
  COLLECT {
    WITH * WHERE robot IS NOT NULL AND artifact IS NOT NULL
    MATCH (robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact) WHERE member.validFrom <= $since AND coalesce(member.validTo > $since, true) AND part.validFrom <= $since AND coalesce(part.validTo > $since, true)
    WITH DISTINCT deployment ORDER BY deployment.id
    RETURN deployment{.id, .state, .validFrom, .validTo, .recordedAt, .plannedFor, toCohort: false} AS item
  } AS coveringFleet,
  COLLECT {
    UNWIND [found IN before + same | found.id] AS id
    MATCH (chain:AuditChain {id: id}) WHERE true
    RETURN chain{.id, .length, .hash} AS item
  } AS chains
