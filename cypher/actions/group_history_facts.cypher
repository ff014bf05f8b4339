// Where each fleet and cohort worked and for whom, which fleets a cohort was part of, and when they or their sites were maintained.
CALL () {
  MATCH (group:Fleet) WHERE true
  RETURN group
  UNION ALL
  MATCH (group:Cohort) WHERE true
  RETURN group
}
RETURN group.id AS id,
  labels(group)[0] = 'Fleet' AS fleet,
  COLLECT { MATCH (group)-[there:AT]->(site:Site) WHERE true RETURN [site.id, there.validFrom, there.validTo] AS item } AS sites,
  COLLECT {
    MATCH (group)-[whose:FOR]->(customer:Customer) WHERE true
    RETURN [customer.id, whose.validFrom, whose.validTo] AS item
  } AS customers,
  COLLECT { MATCH (group)-[part:PART_OF]->(of:Fleet) WHERE true RETURN [of.id, part.validFrom, part.validTo] AS item } AS fleets,
  COLLECT { MATCH (group)<-[at:AT]-(event:MaintenanceEvent) WHERE true RETURN event.validFrom } AS maintained,
  COLLECT {
    MATCH (group)-[there:AT]->(site:Site)<-[at:AT]-(event:MaintenanceEvent) WHERE holds(there, event.validFrom)
    RETURN event.validFrom
  } AS maintainedSites
ORDER BY id
