// Lists what happened to a model version since its first deployment: deployments, rollbacks and maintenance, and incidents and regressions where it ran.
//
// on ModelVersion
// answers [HistoryEvent]: Something that happened.
// column at DateTime: When it happened. Null if nobody said.
// column event HistoryEventType(DEPLOYED, ENDED, FAILED, INCIDENT, REGRESSION, ROLLED_BACK, MAINTENANCE)!: What happened. FAILED says that a deployment ended by failing. An incident belongs to the versions that ran at its place when it began. On a robot these are the observed ones or, if there are none, the intended ones.
// column node Node!: The deployment, incident or maintenance event.
// column places [Node!]!: The fleet, cohort, robot or site.
MATCH (version:ModelVersion {id: $self})<-[built:BUILT_FROM]-(artifact:Artifact)<-[of:OF]-(thing:Deployment|Installation) WHERE true
WITH thing, thing /* as known */ AS told
WITH thing, told.validFrom AS since, told.validTo AS until, coalesce(told.state = 'FAILED', false) AS failed
CALL (thing, since, until, failed) {
  WITH * WHERE thing:Deployment AND since IS NOT NULL
  RETURN since AS at, 'DEPLOYED' AS event, thing AS node, null AS place
  UNION
  WITH * WHERE thing:Deployment AND (until IS NOT NULL OR failed)
  RETURN until AS at, CASE WHEN failed THEN 'FAILED' ELSE 'ENDED' END AS event, thing AS node, null AS place
  UNION
  MATCH (thing)<-[back:ROLLS_BACK]-(node:Deployment) WHERE node.validFrom IS NOT NULL
  RETURN node.validFrom AS at, 'ROLLED_BACK' AS event, node, null AS place
  UNION
  MATCH (thing)-[on:ON]->(spot:Robot|Cohort|Fleet) WHERE since IS NOT NULL
  CALL (spot) {
    RETURN spot AS place, [] AS spans
    UNION
    MATCH (spot)-[within:MEMBER_OF|PART_OF]->(place:Fleet) WHERE true
    RETURN place, [[within.validFrom, within.validTo]] AS spans
    UNION
    MATCH (spot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(place:Fleet) WHERE true
    RETURN place, [[member.validFrom, member.validTo], [part.validFrom, part.validTo]] AS spans
    UNION
    MATCH (spot)-[there:AT]->(place:Site) WHERE true
    RETURN place, [[there.validFrom, there.validTo]] AS spans
    UNION
    MATCH (spot)-[within:MEMBER_OF|PART_OF]->(fleet:Fleet)-[there:AT]->(place:Site) WHERE true
    RETURN place, [[within.validFrom, within.validTo], [there.validFrom, there.validTo]] AS spans
    UNION
    MATCH (spot)-[member:MEMBER_OF]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)-[there:AT]->(place:Site) WHERE true
    RETURN place, [[member.validFrom, member.validTo], [part.validFrom, part.validTo], [there.validFrom, there.validTo]] AS spans
  }
  MATCH (place)<-[where:AT]-(node:Incident|MaintenanceEvent) WHERE true
  WITH place, spans, node, node /* as known */ AS told, since, until
  WITH place, node, spans, since, until, told.validFrom AS at, told.type AS type
  WITH place, node, at, type WHERE within(at, since, until) AND all(span IN spans WHERE within(at, span[0], span[1]))
  RETURN at, CASE WHEN node:MaintenanceEvent THEN 'MAINTENANCE' ELSE coalesce(type, 'INCIDENT') END AS event, node, place
  UNION
  MATCH (thing)-[on:ON]->(spot:Cohort|Fleet) WHERE since IS NOT NULL
  CALL (spot) {
    MATCH (place:Robot)-[member:MEMBER_OF]->(spot) WHERE true
    RETURN place, [[member.validFrom, member.validTo]] AS spans
    UNION
    MATCH (spot)<-[part:PART_OF]-(cohort:Cohort)<-[member:MEMBER_OF]-(place:Robot) WHERE true
    RETURN place, [[member.validFrom, member.validTo], [part.validFrom, part.validTo]] AS spans
  }
  MATCH (place)<-[where:AT]-(node:Incident|MaintenanceEvent) WHERE true
  WITH spot, place, spans, node, node /* as known */ AS told, since, until
  WITH spot, place, node, spans, since, until, told.validFrom AS at, told.type AS type
  WITH spot, place, node, at, type WHERE within(at, since, until) AND all(span IN spans WHERE within(at, span[0], span[1]))
  WITH spot, place, node, at, type WHERE NOT EXISTS { MATCH (seen:Installation)-[on:ON]->(place) WHERE holds(seen, at) }
    AND (spot:Cohort OR NOT EXISTS { MATCH (place)-[member:MEMBER_OF]->(cohort:Cohort)<-[on:ON]-(nearer:Deployment) WHERE holds(member, at) AND holds(nearer, at) })
  RETURN at, CASE WHEN node:MaintenanceEvent THEN 'MAINTENANCE' ELSE coalesce(type, 'INCIDENT') END AS event, node, place
}
WITH at, event, node, collect(DISTINCT place) AS places
RETURN at,
  event,
  node,
  CASE
    WHEN node:Deployment THEN COLLECT { MATCH (node)-[on:ON]->(place) WHERE true WITH place ORDER BY place.id RETURN place }
    ELSE COLLECT { UNWIND places AS place WITH place ORDER BY place.id RETURN place }
  END AS places
ORDER BY coalesce(at, ''), event, node.id
