// Lists the fleets that an incident concerns: those where it happened, and those that its robots belonged to, when it began and now.
//
// parameter incident ID(Incident)!: The incident.
// field Incident.fleets(incident: id): Lists the fleets that it concerns: those where it happened, and those that its robots belonged to, when it began and now.
// time at
// answers [FleetConcerned]: A fleet that an incident concerns.
// column fleet Fleet!: The fleet.
// column then Boolean!: Whether the incident concerned it when it began.
// column now Boolean!: Whether it happened there, by where fleets work and robots belong at the moment.
MATCH (told /* of incident */ {id: $incident}) WHERE true
MATCH (told)-[where:AT]->(place) WHERE true
UNWIND [[true, told.validFrom], [false, $at]] AS each
WITH place, each[0] AS then, each[1] AS moment
CALL (place, moment) {
  WITH * WHERE place:Fleet
  RETURN place AS fleet
  UNION
  MATCH (place)<-[there:AT]-(fleet:Fleet) WHERE holds(there, moment)
  RETURN fleet
  UNION
  MATCH (place)-[member:MEMBER_OF]->(fleet:Fleet) WHERE holds(member, moment)
  RETURN fleet
  UNION
  MATCH (place)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE holds(member, moment) AND holds(part, moment)
  RETURN fleet
}
WITH fleet, count(CASE WHEN then THEN 1 END) > 0 AS then, count(CASE WHEN NOT then THEN 1 END) > 0 AS now
RETURN fleet,
  then,
  now
ORDER BY fleet.id
