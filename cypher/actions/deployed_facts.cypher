// The releases of what was ever deployed on the fleets of a deployment's place, in the lines that these run now, each with the active
// deployments of its version on fleets in its line. One row a release, and one of nulls.
// Locks the lines, and then the releases, each in the order of ids.
//
// parameter deployment ID(Deployment): The deployment.
// parameter now DateTime!: Now.
CALL () {
  MATCH (asked:Deployment {id: $deployment})-[on:ON]->(fleet:Fleet) WHERE true
  RETURN fleet
  UNION
  MATCH (asked:Deployment {id: $deployment})-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet) WHERE part.validFrom <= $now AND coalesce(part.validTo > $now, true)
  RETURN fleet
  UNION
  RETURN null AS fleet
}
CALL (fleet) {
  WITH * WHERE fleet IS NOT NULL
  MATCH (fleet)-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)-[on:ON]->(fleet) WHERE runs.validFrom <= $now AND coalesce(runs.validTo > $now, true)
  RETURN release, line, version
  UNION
  WITH * WHERE fleet IS NOT NULL
  MATCH (fleet)-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet) WHERE runs.validFrom <= $now AND coalesce(runs.validTo > $now, true) AND part.validFrom <= $now AND coalesce(part.validTo > $now, true)
  RETURN release, line, version
  UNION
  RETURN null AS release, null AS line, null AS version
}
WITH DISTINCT release, line, version ORDER BY line.id
REMOVE line.lock
WITH release, line, version ORDER BY release.id
REMOVE release.lock
WITH release, line, version
RETURN release{.id, .state, .revision} AS release,
  version.id AS version,
  COLLECT { WITH * WHERE line IS NOT NULL MATCH (line)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0] AS target,
  COLLECT {
    WITH * WHERE version IS NOT NULL
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)-[on:ON]->(fleet:Fleet)-[runs:IN_LINE]->(line)
    WHERE deployment.state = 'ACTIVE' AND runs.validFrom <= $now AND coalesce(runs.validTo > $now, true)
    RETURN deployment{.id, target: COLLECT { MATCH (artifact)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0]} AS item
  } AS active,
  COLLECT {
    WITH * WHERE version IS NOT NULL
    MATCH (version)<-[built:BUILT_FROM]-(artifact:Artifact)<-[meant:OF]-(deployment:Deployment)-[on:ON]->(cohort:Cohort)-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line)
    WHERE deployment.state = 'ACTIVE' AND runs.validFrom <= $now AND coalesce(runs.validTo > $now, true) AND part.validFrom <= $now AND coalesce(part.validTo > $now, true)
    RETURN deployment{.id, target: COLLECT { MATCH (artifact)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0]} AS item
  } AS activeOnCohorts,
  COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (chain:AuditChain {id: release.id}) WHERE true
    RETURN chain{.id, .length, .hash} AS item
  } AS chains
