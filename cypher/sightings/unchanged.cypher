// Moves on when installations were seen last, for the sightings that say nothing else: the robot is known to run the artifact then, and no
// other since before. Answers the numbers of these sightings, and what of them nobody described. Locks the robots.
//
// Rows: {n, robot, at, artifacts}, in the order of robots and moments.
//
// parameter rows [Map]: The sightings.
UNWIND $rows AS row
MATCH (robot:Robot {id: row.robot}) WHERE true
REMOVE robot.lock
WITH row, robot
MATCH (robot)<-[on:ON]-(installation:Installation)-[of:OF]->(artifact:Artifact) WHERE holds(installation, row.at)
WITH row, robot, installation, artifact, artifact.id IN row.artifacts AS same
WITH row, robot,
  collect(CASE WHEN same THEN installation END)[0] AS seen,
  collect(CASE WHEN same THEN artifact END)[0] AS artifact,
  collect(CASE WHEN NOT same AND installation.validFrom < row.at THEN installation.id END) AS others
WHERE seen IS NOT NULL AND size(others) = 0
WITH row, robot, seen, artifact
SET seen.lastSeenAt = CASE WHEN coalesce(seen.lastSeenAt, seen.validFrom) < row.at THEN row.at ELSE seen.lastSeenAt END
RETURN collect(row.n) AS unchanged,
  collect(DISTINCT CASE WHEN robot.describedAt IS NULL THEN robot.id END) AS robots,
  collect(DISTINCT CASE WHEN artifact.describedAt IS NULL THEN artifact.id END) AS artifacts
