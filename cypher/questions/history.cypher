// What happened to a model version since it was first deployed: deployments, incidents and regressions where it ran, rollbacks, maintenance.
//
// on ModelVersion
// answers [HistoryEvent]: Something that happened.
// column at DateTime: When it happened; null where nobody said.
// column event HistoryEventType(DEPLOYED, ENDED, FAILED, INCIDENT, REGRESSION, ROLLED_BACK, MAINTENANCE)!: What happened. An incident is of the versions that ran at its place when it began.
// column node Node!: The deployment, incident or maintenance event.
// column places [Node!]!: Where: fleet, cohort, robot or site.
MATCH (version:ModelVersion {id: $self})<-[built:BUILT_FROM]-(artifact:Artifact) WHERE true
CALL (artifact) {
  MATCH (artifact)<-[of:OF]-(node:Deployment)-[on:ON]->(place) WHERE node.validFrom IS NOT NULL
  RETURN node.validFrom AS at, 'DEPLOYED' AS event, node, place
  UNION
  MATCH (artifact)<-[of:OF]-(node:Deployment)-[on:ON]->(place) WHERE node.validTo IS NOT NULL
  RETURN node.validTo AS at, 'ENDED' AS event, node, place
  UNION
  MATCH (artifact)<-[of:OF]-(node:Deployment)-[on:ON]->(place) WHERE node.state = 'FAILED'
  RETURN node.validFrom AS at, 'FAILED' AS event, node, place
  UNION
  MATCH (artifact)<-[of:OF]-(former:Deployment)<-[back:ROLLS_BACK]-(node:Deployment)-[on:ON]->(place) WHERE node.validFrom IS NOT NULL
  RETURN node.validFrom AS at, 'ROLLED_BACK' AS event, node, place
  UNION
  MATCH (artifact)<-[of:OF]-(seen:Installation)-[on:ON]->(robot:Robot)<-[where:AT]-(node:Incident|MaintenanceEvent) WHERE seen.validFrom <= node.validFrom AND coalesce(seen.validTo > node.validFrom, true)
  RETURN node.validFrom AS at, CASE WHEN node:MaintenanceEvent THEN 'MAINTENANCE' ELSE coalesce(node.type, 'INCIDENT') END AS event, node, robot AS place
  UNION
  MATCH (artifact)<-[of:OF]-(seen:Installation)-[on:ON]->(robot:Robot)-[member:MEMBER_OF]->(group:Fleet|Cohort)<-[where:AT|PART_OF]-(node:Incident|MaintenanceEvent) WHERE seen.validFrom <= node.validFrom AND coalesce(seen.validTo > node.validFrom, true) AND member.validFrom <= node.validFrom AND coalesce(member.validTo > node.validFrom, true)
  RETURN node.validFrom AS at, CASE WHEN node:MaintenanceEvent THEN 'MAINTENANCE' ELSE coalesce(node.type, 'INCIDENT') END AS event, node, group AS place
  UNION
  MATCH (artifact)<-[of:OF]-(deployment:Deployment)-[on:ON]->(fleet:Fleet)<-[where:AT]-(node:Incident|MaintenanceEvent) WHERE deployment.validFrom <= node.validFrom AND coalesce(deployment.validTo > node.validFrom, true)
  RETURN node.validFrom AS at, CASE WHEN node:MaintenanceEvent THEN 'MAINTENANCE' ELSE coalesce(node.type, 'INCIDENT') END AS event, node, fleet AS place
  UNION
  MATCH (artifact)<-[of:OF]-(deployment:Deployment)-[on:ON]->(fleet:Fleet)-[there:AT]->(site:Site)<-[where:AT]-(node:Incident|MaintenanceEvent) WHERE deployment.validFrom <= node.validFrom AND coalesce(deployment.validTo > node.validFrom, true) AND there.validFrom <= node.validFrom AND coalesce(there.validTo > node.validFrom, true)
  RETURN node.validFrom AS at, CASE WHEN node:MaintenanceEvent THEN 'MAINTENANCE' ELSE coalesce(node.type, 'INCIDENT') END AS event, node, site AS place
}
WITH at, event, node, collect(DISTINCT place) AS places
RETURN at,
  event,
  node,
  COLLECT { UNWIND places AS place WITH place ORDER BY place.id RETURN place } AS places
ORDER BY coalesce(at, ''), event, node.id
