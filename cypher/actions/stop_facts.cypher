// Robots, cohorts and fleets that are to stop what they run: the lines of their fleets; the newest request to stop there, which may
// have come after now; a deployment that was requested since for the place, its fleets or its cohorts; and the deployments that are
// only planned there. One row a place. Locks the fleets, or those of the cohorts, then
// the cohorts, then the robots, each in the order of ids.
//
// parameter place [ID(Robot, Cohort, Fleet)!]!: The robots, cohorts and fleets.
// parameter now DateTime!: Now.
CALL () {
  UNWIND $place AS id
  MATCH (place:Robot {id: id}) WHERE place.retractedAt IS NULL
  RETURN place
  UNION
  UNWIND $place AS id
  MATCH (place:Cohort {id: id}) WHERE place.retractedAt IS NULL
  RETURN place
  UNION
  UNWIND $place AS id
  MATCH (place:Fleet {id: id}) WHERE place.retractedAt IS NULL
  RETURN place
  UNION
  RETURN null AS place
}
CALL (place) {
  WITH * WHERE place:Fleet
  RETURN place AS fleet
  UNION
  WITH * WHERE place:Cohort
  MATCH (place)-[part:PART_OF]->(fleet:Fleet) WHERE holds(part, $now)
  RETURN fleet
  UNION
  RETURN null AS fleet
}
WITH place, fleet ORDER BY fleet.id
REMOVE fleet.lock
WITH DISTINCT place
OPTIONAL MATCH (cohort:Cohort {id: place.id})
WITH place, cohort ORDER BY cohort.id
REMOVE cohort.lock
WITH place
OPTIONAL MATCH (robot:Robot {id: place.id})
WITH place, robot ORDER BY robot.id
REMOVE robot.lock
WITH DISTINCT place
WITH place WHERE place IS NOT NULL
CALL (place) {
  WITH * WHERE NOT place:Robot
  RETURN place AS near
  UNION
  MATCH (place)-[within:MEMBER_OF|PART_OF]->(near:Fleet|Cohort) WHERE holds(within, $now)
  RETURN near
  UNION
  MATCH (place)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(near:Fleet) WHERE holds(member, $now) AND holds(part, $now)
  RETURN near
  UNION
  MATCH (place)<-[part:PART_OF]-(near:Cohort) WHERE holds(part, $now)
  RETURN near
  UNION
  RETURN null AS near
}
WITH place, near ORDER BY near.id
WITH place, collect(DISTINCT near) AS around, newest_stop([place], '9999-12-31T23:59:59.999999Z') AS stop
WITH place, around, stop,
  COLLECT {
    UNWIND around AS near
    MATCH (near)<-[on:ON]-(later:Deployment) WHERE NOT stopped_by(later, stop)
    WITH later LIMIT 1
    RETURN later{.id, .recordedAt} AS item
  }[0] AS later,
  COLLECT {
    UNWIND CASE WHEN place:Robot THEN [] ELSE around END AS near
    MATCH (near)<-[on:ON]-(planned:Deployment) WHERE planned.state = 'PLANNED' AND (near.id = place.id OR near:Cohort)
    WITH planned ORDER BY planned.id
    RETURN planned{.id, .recordedAt} AS item
  } AS planned
RETURN place.id AS place,
  COLLECT {
    UNWIND around AS near
    MATCH (near)-[runs:IN_LINE]->(line:ReleaseLine) WHERE holds(runs, $now)
    WITH DISTINCT line ORDER BY line.id
    RETURN line.id
  } AS lines,
  stop{.id, .recordedAt} AS stop,
  later,
  planned,
  chains([d IN planned | d.id]) AS chains
