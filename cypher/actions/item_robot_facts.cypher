// Robots that a recall concerns: what was seen there last, and the newest request to stop it. One row a robot, without locks.
//
// parameter robots [ID(Robot)]: The robots.
// parameter now DateTime!: The moment that is asked about.
UNWIND $robots AS id
MATCH (robot:Robot {id: id}) WHERE true
WITH robot, newest_installation(robot, $now) AS seen, newest_stop([robot], $now) AS stop
WITH robot, seen, stop, artifact_of(seen) AS artifact
RETURN robot.id AS id,
  artifact.id AS artifact,
  seen.validFrom AS seenFrom,
  seen.lastSeenAt AS lastSeenAt,
  stop{.id, .requestedAt} AS stop
ORDER BY id
