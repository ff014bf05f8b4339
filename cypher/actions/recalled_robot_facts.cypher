// Robots on which something was seen that a recall affects: the fleets and cohorts that they belong to, and since when they are out of
// service. One row a robot, without locks.
//
// parameter robots [ID(Robot)]: The robots.
// parameter now DateTime!: Now.
UNWIND $robots AS id
MATCH (robot:Robot {id: id}) WHERE true
RETURN robot.id AS id,
  COLLECT { MATCH (robot)-[member:MEMBER_OF]->(group) WHERE holds(member, $now) RETURN DISTINCT group.id } AS groups,
  COLLECT {
    MATCH (robot)<-[of:DECOMMISSIONS]-(out:Decommissioning) WHERE lasts(out, $now)
    RETURN out.validFrom
  } AS retired
ORDER BY id
