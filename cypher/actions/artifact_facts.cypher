// Artifacts, with what they were built from and for: one, that of a deployment, or all that matter at a place: the builds of versions that stand in the lines
// that it runs now, and whatever was deployed there. One row an artifact, and one of nulls. Locks them in the order of ids.
//
// parameter artifact ID(Artifact): The artifact.
// parameter intent ID(Deployment): The deployment whose artifact.
// parameter place ID(Fleet, Cohort): The fleet or cohort.
// parameter now DateTime!: Now.
CALL () {
  MATCH (artifact:Artifact {id: $artifact}) WHERE true
  RETURN artifact
  UNION
  MATCH (deployment:Deployment {id: $intent})-[of:OF]->(artifact:Artifact) WHERE true
  RETURN artifact
  UNION
  MATCH (fleet:Fleet {id: $place})-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact) WHERE holds(runs, $now)
  RETURN artifact
  UNION
  MATCH (cohort:Cohort {id: $place})-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release)-[of:OF]->(version:ModelVersion)<-[built:BUILT_FROM]-(artifact:Artifact) WHERE holds(part, $now) AND holds(runs, $now)
  RETURN artifact
  UNION
  MATCH (fleet:Fleet {id: $place})<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact:Artifact) WHERE true
  RETURN artifact
  UNION
  MATCH (cohort:Cohort {id: $place})<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact:Artifact) WHERE true
  RETURN artifact
  UNION
  MATCH (cohort:Cohort {id: $place})-[part:PART_OF]->(fleet:Fleet)<-[on:ON]-(deployment:Deployment)-[of:OF]->(artifact:Artifact) WHERE holds(part, $now)
  RETURN artifact
  UNION
  RETURN null AS artifact
}
WITH artifact ORDER BY artifact.id
REMOVE artifact.lock
WITH artifact
RETURN artifact{
    .id, .describedAt, .state, .revision,
    values: artifact{.format, .precision, .digest, .uri, .toolchain, .builtAt, .name, .description, .labels, .owners, .externalIds}
  } AS artifact,
  COLLECT {
    WITH * WHERE artifact IS NOT NULL
    MATCH (artifact)-[built:BUILT_FROM]->(version:ModelVersion) WHERE true
    RETURN version{.id, .describedAt, .rateHz, .memoryMib, .robotSoftware} AS item
  }[0] AS version,
  COLLECT {
    WITH * WHERE artifact IS NOT NULL
    MATCH (artifact)-[for:FOR]->(target:HardwareTarget) WHERE true
    RETURN target{.id, .describedAt, .memoryMib} AS item
  }[0] AS target,
  COLLECT {
    WITH * WHERE artifact IS NOT NULL
    MATCH (artifact)-[authorized:AUTHORIZED_BY]->(decision:Decision) WHERE true
    WITH decision ORDER BY decision.id
    RETURN decision.id
  } AS authorizedBy,
  COLLECT {
    WITH * WHERE artifact IS NOT NULL
    MATCH (deployment:Deployment)-[of:OF]->(artifact) WHERE unfinished(deployment)
    OPTIONAL MATCH (deployment)-[on:ON]->(place:Fleet|Cohort)
    WITH deployment, place ORDER BY deployment.id
    RETURN deployment{.id, .state, place: place.id} AS item
  } AS deployments,
  recalled_from(artifact, $now) AS upstream,
  chains([artifact.id]) AS chains
