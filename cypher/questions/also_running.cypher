// Lists the fleets that run the model versions which were seen to run where an incident happened, when it began.
//
// parameter incident ID(Incident)!: The incident.
// field Incident.alsoRunning(incident: id): Lists the fleets that run the model versions which were seen to run there when it began.
// time at
// answers [AlsoRunning]: A model version, and a fleet that runs it.
// column version ModelVersion!: The model version.
// column fleet Fleet!: The fleet.
// column intended Boolean!: Whether an active deployment says that it should run there, and nobody requested to stop it since.
// column observed Boolean!: Whether a robot of the fleet was seen to run it.
MATCH (told /* of incident */ {id: $incident}) WHERE true
MATCH (told)-[where:AT]->(place) WHERE true
WITH place, told.validFrom AS moment
CALL (place, moment) {
  WITH * WHERE place:Fleet
  RETURN place AS fleet
  UNION
  MATCH (place)<-[there:AT]-(fleet:Fleet) WHERE holds(there, moment)
  RETURN fleet
  UNION
  WITH * WHERE place:Robot
  RETURN null AS fleet
}
CALL (place, fleet, moment) {
  WITH * WHERE fleet IS NULL
  RETURN place AS robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  MATCH (fleet)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, moment)
  RETURN robot
  UNION
  WITH * WHERE fleet IS NOT NULL
  MATCH (fleet)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot) WHERE holds(member, moment) AND holds(part, moment)
  RETURN robot
}
WITH DISTINCT robot, moment
WITH newest_installation(robot, moment) AS seen
WITH * WHERE seen IS NOT NULL
MATCH (seen)-[of:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true
WITH DISTINCT version
MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(thing:Deployment|Installation) WHERE holds(thing, $at)
CALL (thing) {
  MATCH (thing)-[on:ON]->(fleet:Fleet) WHERE true
  RETURN fleet, fleet AS place
  UNION
  MATCH (thing)-[on:ON]->(place:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(part, $at)
  RETURN fleet, place
  UNION
  MATCH (thing)-[on:ON]->(place:Robot)-[member:MEMBER_OF]->(fleet:Fleet) WHERE holds(member, $at)
  RETURN fleet, place
  UNION
  MATCH (thing)-[on:ON]->(place:Robot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(member, $at) AND holds(part, $at)
  RETURN fleet, place
}
WITH DISTINCT version, fleet, thing, place
WITH version, fleet, thing, newest_stop([fleet, place], $at) AS stop
WITH version, fleet, count(CASE WHEN thing:Deployment AND NOT stopped_by(thing, stop) THEN 1 END) > 0 AS intended, count(CASE WHEN thing:Installation THEN 1 END) > 0 AS observed
RETURN version,
  fleet,
  intended,
  observed
ORDER BY version.id, fleet.id
