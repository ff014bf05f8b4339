// What was seen on each robot, where it belonged, what software it had and when it was maintained. One row for 500 robots, each as a list:
// a driver takes longer over a row than over what is in it, and over names than over values.
MATCH (robot:Robot) WHERE robot.id > ''
WITH robot ORDER BY robot.id
WITH collect([
  robot.id,
  robot.robotClass,
  robot.software,
  COLLECT {
    MATCH (robot)<-[revises:REVISES]-(revision:Revision) WHERE 'software' IN revision.changed
    WITH revision{.revisedAt, .software} AS former
    RETURN [former.revisedAt, former.software] AS item
  },
  COLLECT {
    MATCH (robot)<-[on:ON]-(seen:Installation)-[of:OF]->(artifact:Artifact) WHERE true
    RETURN [artifact.id, seen.validFrom, seen.validTo, seen.lastSeenAt] AS item
  },
  COLLECT {
    MATCH (robot)-[member:MEMBER_OF]->(group) WHERE true
    RETURN [group.id, member.validFrom, member.validTo] AS item
  },
  COLLECT { MATCH (robot)<-[at:AT]-(event:MaintenanceEvent) WHERE true RETURN event.validFrom }
]) AS rows
UNWIND range(0, size(rows) - 1, 500) AS first
RETURN rows[first..first + 500] AS robots
ORDER BY first
