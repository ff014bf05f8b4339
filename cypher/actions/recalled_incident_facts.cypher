// The incidents at fleets and cohorts, but for false alarms and duplicates. One row an incident and fleet or cohort, without locks.
//
// parameter groups [ID(Fleet, Cohort)]: The fleets and cohorts.
CALL () {
  UNWIND $groups AS id
  MATCH (group:Fleet {id: id})<-[at:AT]-(incident:Incident) WHERE true
  RETURN group, incident, false AS own
  UNION
  UNWIND $groups AS id
  MATCH (group:Fleet {id: id})-[there:AT]->(site:Site)<-[at:AT]-(incident:Incident) WHERE holds(there, incident.validFrom)
  RETURN group, incident, false AS own
  UNION
  UNWIND $groups AS id
  MATCH (group:Fleet|Cohort {id: id})<-[member:MEMBER_OF]-(robot:Robot)<-[at:AT]-(incident:Incident) WHERE holds(member, incident.validFrom)
  RETURN group, incident, true AS own
  UNION
  UNWIND $groups AS id
  MATCH (group:Fleet {id: id})<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(robot:Robot)<-[at:AT]-(incident:Incident) WHERE holds(member, incident.validFrom) AND holds(part, incident.validFrom)
  RETURN group, incident, true AS own
}
WITH DISTINCT group, incident, own WHERE stands(incident)
RETURN group.id AS group, incident.id AS id, incident.validFrom AS validFrom, own
