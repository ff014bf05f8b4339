// What was seen on each robot, where it belonged, what software it had and when it was maintained. One row a robot.
MATCH (robot:Robot) WHERE robot.id > ''
RETURN robot.id AS id,
  robot.robotClass AS robotClass,
  robot.software AS software,
  COLLECT {
    MATCH (robot)<-[revises:REVISES]-(revision:Revision) WHERE 'software' IN revision.changed
    RETURN revision{.software, until: revision.revisedAt} AS item
  } AS earlier,
  COLLECT {
    MATCH (robot)<-[on:ON]-(seen:Installation)-[of:OF]->(artifact:Artifact) WHERE true
    RETURN {artifact: artifact.id, since: seen.validFrom, until: seen.validTo, seen: seen.lastSeenAt} AS item
  } AS installations,
  COLLECT {
    MATCH (robot)-[member:MEMBER_OF]->(group) WHERE true
    RETURN {id: group.id, since: member.validFrom, until: member.validTo} AS item
  } AS groups,
  COLLECT { MATCH (robot)<-[at:AT]-(event:MaintenanceEvent) WHERE true RETURN event.validFrom } AS maintained
ORDER BY id
