// What reports of artifacts on robots meet: the artifact, as it is known, the robot's installations around the moment, and the deployments
// of the artifact that cover the robot then. One row a report, in their order. Locks the robots.
//
// parameter robots [ID(Robot)!]!: The robot of each report, in the order of their ids.
// parameter unknown [ID(Artifact)!]!: The artifact by its id; or by the id that it has where no more is known of it than its name,
// parameter called [String!]!: or by its name: a digest, or an id in another system.
// parameter moments [DateTime!]!: Since when it was seen.
UNWIND range(0, size($robots) - 1) AS n
WITH n, $robots[n] AS on, $unknown[n] AS unknown, $called[n] AS name, $moments[n] AS since
CALL (on) {
  MATCH (robot:Robot {id: on}) WHERE true
  RETURN robot
  UNION
  RETURN null AS robot
}
WITH n, unknown, name, since, collect(robot)[0] AS robot ORDER BY n
REMOVE robot.lock
WITH n, unknown, name, since, robot
CALL (unknown) {
  MATCH (own:Artifact {id: unknown}) WHERE own.retractedAt IS NULL
  RETURN own
  UNION
  RETURN null AS own
}
WITH n, unknown, name, since, robot, collect(own)[0] AS own
CALL (unknown, name) {
  MATCH (other:Artifact {digest: name}) WHERE other.describedAt IS NOT NULL
  RETURN other
  UNION
  MATCH (external:ExternalId {id: name})-[names:IDENTIFIES]->(other:Artifact) WHERE other.describedAt IS NOT NULL
  RETURN other
  UNION
  MATCH (former:Artifact {id: unknown}) WHERE former.sameAs IS NOT NULL
  MATCH (other:Artifact {id: former.sameAs}) WHERE other.describedAt IS NOT NULL
  RETURN other
  UNION
  RETURN null AS other
}
WITH n, since, robot, own, other ORDER BY n, other.id
WITH n, since, robot, own, collect(other) AS others
WITH n, since, robot, own, others,
  CASE WHEN own.describedAt IS NOT NULL OR size(others) = 0 THEN own WHEN size(others) = 1 THEN others[0] END AS artifact
WITH n, since, robot, own, others, artifact,
  COLLECT {
    WITH * WHERE robot IS NOT NULL
    MATCH (installation:Installation)-[on:ON]->(robot) WHERE installation.validFrom < since AND lasts(installation, since)
    WITH installation ORDER BY installation.id
    RETURN installation
  } AS before,
  COLLECT {
    WITH * WHERE robot IS NOT NULL
    MATCH (installation:Installation)-[on:ON]->(robot) WHERE installation.validFrom = since
    WITH installation ORDER BY installation.id
    RETURN installation
  } AS same
RETURN artifact.id AS artifact,
  robot.retractedAt AS retracted,
  own IS NOT NULL AS named,
  CASE WHEN own.describedAt IS NULL AND artifact.id <> own.id THEN own.id END AS placeholder,
  [other IN others WHERE artifact IS NULL | other.id] AS several,
  [node IN [robot, artifact] WHERE node.describedAt IS NOT NULL | node.id] AS described,
  COLLECT {
    WITH * WHERE robot IS NOT NULL
    MATCH (installation:Installation)-[on:ON]->(robot) WHERE installation.validFrom > since
    WITH installation ORDER BY installation.validFrom LIMIT 1
    RETURN installation.validFrom
  }[0] AS next,
  COLLECT {
    UNWIND before AS installation
    RETURN installation{
      .id, .validFrom, .validTo, .lastSeenAt,
      artifact: COLLECT { MATCH (installation)-[of:OF]->(seen:Artifact) WHERE true RETURN seen.id }[0],
      installedBy: COLLECT { MATCH (installation)-[by:INSTALLED_BY]->(deployment:Deployment) WHERE true RETURN deployment.id }[0]
    } AS item
  } AS before,
  COLLECT {
    UNWIND same AS installation
    RETURN installation{
      .id, .validFrom, .validTo, .lastSeenAt,
      released: EXISTS { MATCH (robot)<-[concerns:CONCERNS]-(out:Decommissioning) WHERE out.validFrom = installation.validTo RETURN out },
      artifact: COLLECT { MATCH (installation)-[of:OF]->(seen:Artifact) WHERE true RETURN seen.id }[0],
      installedBy: COLLECT { MATCH (installation)-[by:INSTALLED_BY]->(deployment:Deployment) WHERE true RETURN deployment.id }[0]
    } AS item
  } AS same,
  COLLECT {
    WITH * WHERE robot IS NOT NULL AND artifact IS NOT NULL
    MATCH (robot)-[member:MEMBER_OF]->(place:Fleet|Cohort)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact) WHERE holds(member, since)
    WITH DISTINCT deployment, place ORDER BY deployment.id
    RETURN deployment{.id, .state, .validFrom, .validTo, .recordedAt, .plannedFor, toCohort: place:Cohort} AS item
  } AS covering,
  COLLECT {
    WITH * WHERE robot IS NOT NULL AND artifact IS NOT NULL
    MATCH (robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact) WHERE holds(member, since) AND holds(part, since)
    WITH DISTINCT deployment ORDER BY deployment.id
    RETURN deployment{.id, .state, .validFrom, .validTo, .recordedAt, .plannedFor, toCohort: false} AS item
  } AS coveringFleet,
  chains([installation IN before + same | installation.id]) AS chains
ORDER BY n
