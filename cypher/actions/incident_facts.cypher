// The incidents at a fleet or a cohort, at its fleets, their sites and its own robots, but for false alarms and duplicates; and the open ones, wherever they are, that touch a
// version which was deployed there: it ran at their place when they began, or an attribution suspects it. One row, without locks.
//
// parameter place ID(Fleet, Cohort): The fleet or cohort.
// parameter now DateTime!: Now.
CALL () {
  MATCH (place:Fleet {id: $place}) WHERE true
  RETURN place
  UNION
  MATCH (place:Cohort {id: $place}) WHERE true
  RETURN place
  UNION
  RETURN null AS place
}
WITH collect(place)[0] AS place
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
WITH place, collect(fleet) AS fleets
CALL (place, fleets) {
  UNWIND fleets AS fleet
  MATCH (incident:Incident)-[at:AT]->(fleet) WHERE true
  RETURN incident
  UNION
  UNWIND fleets AS fleet
  MATCH (fleet)-[there:AT]->(site:Site)<-[at:AT]-(incident:Incident) WHERE holds(there, incident.validFrom)
  RETURN incident
  UNION
  WITH * WHERE place IS NOT NULL
  MATCH (place)<-[member:MEMBER_OF]-(robot:Robot)<-[at:AT]-(incident:Incident) WHERE holds(member, incident.validFrom)
  RETURN incident
  UNION
  WITH * WHERE place IS NOT NULL
  MATCH (place)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[at:AT]-(incident:Incident) WHERE holds(member, incident.validFrom) AND holds(part, incident.validFrom)
  RETURN incident
  UNION
  RETURN null AS incident
}
WITH place, fleets, incident WHERE incident IS NULL OR stands(incident)
WITH place, fleets, incident ORDER BY incident.id
WITH place, fleets, collect(incident) AS incidents
WITH incidents,
  COLLECT {
    UNWIND fleets + place AS spot
    WITH * WHERE spot IS NOT NULL
    MATCH (spot)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true
    WITH DISTINCT version
    RETURN version.id
  } AS versions
CALL (versions) {
  UNWIND versions AS id
  MATCH (version:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(seen:Installation)-[on:ON]->(robot:Robot)<-[at:AT]-(open:Incident)
  WHERE is_open(open) AND holds(seen, open.validFrom)
  RETURN open, version
  UNION
  UNWIND versions AS id
  MATCH (version:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(seen:Installation)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(fleet:Fleet)<-[at:AT]-(open:Incident)
  WHERE is_open(open) AND holds(member, open.validFrom) AND holds(seen, open.validFrom)
  RETURN open, version
  UNION
  UNWIND versions AS id
  MATCH (version:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(deployment:Deployment)-[on:ON]->(fleet:Fleet)<-[at:AT]-(open:Incident)
  WHERE is_open(open) AND holds(deployment, open.validFrom)
  RETURN open, version
  UNION
  UNWIND versions AS id
  MATCH (version:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(deployment:Deployment)-[on:ON]->(fleet:Fleet)-[there:AT]->(site:Site)<-[at:AT]-(open:Incident)
  WHERE is_open(open) AND holds(there, open.validFrom) AND holds(deployment, open.validFrom)
  RETURN open, version
  UNION
  UNWIND versions AS id
  MATCH (version:ModelVersion {id: id})<-[suspects:SUSPECTS]-(attribution:Attribution)-[explains:EXPLAINS]->(open:Incident)
  WHERE is_open(open) AND current_attribution(attribution)
  RETURN open, version
  UNION
  UNWIND versions AS id
  MATCH (version:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact)<-[suspects:SUSPECTS]-(attribution:Attribution)-[explains:EXPLAINS]->(open:Incident)
  WHERE is_open(open) AND current_attribution(attribution)
  RETURN open, version
  UNION
  RETURN null AS open, null AS version
}
WITH incidents, open, version ORDER BY open.id, version.id
RETURN [i IN incidents | i{.id, .validFrom}] AS incidents,
  [p IN collect(CASE WHEN open IS NOT NULL THEN {incident: open.id, version: version.id} END) | p] AS open
