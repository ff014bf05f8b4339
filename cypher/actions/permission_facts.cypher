// Releases with what lets them run: of a version, of an artifact's version or of a deployment's, in the lines that a place runs now, or in
// the lines for a hardware target. One row a release, and one of nulls; a part of what `standing_facts` answers, in the same names.
// Locks their lines, since a policy may change, and then the releases, each in the order of ids.
//
// parameter version ID(ModelVersion): The version whose releases.
// parameter artifact ID(Artifact): The artifact whose version's releases.
// parameter intent ID(Deployment): The deployment whose version's releases.
// parameter place ID(Fleet, Cohort): The fleet or cohort in whose lines.
// parameter hardware ID(HardwareTarget): The hardware target in the lines for which.
// parameter now DateTime!: Now.
CALL () {
  MATCH (version:ModelVersion {id: $version})<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line
  UNION
  MATCH (artifact:Artifact {id: $artifact})-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line
  UNION
  MATCH (deployment:Deployment {id: $intent})-[meant:OF]->(artifact:Artifact)-[built:BUILT_FROM]->(version:ModelVersion)<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line
  UNION
  MATCH (fleet:Fleet {id: $place})-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release) WHERE holds(runs, $now)
  RETURN release, line
  UNION
  MATCH (cohort:Cohort {id: $place})-[part:PART_OF]->(fleet:Fleet)-[runs:IN_LINE]->(line:ReleaseLine)<-[within:IN_LINE]-(release:Release) WHERE holds(part, $now) AND holds(runs, $now)
  RETURN release, line
  UNION
  MATCH (target:HardwareTarget {id: $hardware})<-[for:FOR]-(line:ReleaseLine)<-[within:IN_LINE]-(release:Release) WHERE true
  RETURN release, line
  UNION
  RETURN null AS release, null AS line
}
WITH release, line ORDER BY line.id
REMOVE line.lock
WITH release, line ORDER BY release.id
REMOVE release.lock
WITH release, line
OPTIONAL MATCH (release)-[of:OF]->(version:ModelVersion)
OPTIONAL MATCH (line)-[for:FOR]->(target:HardwareTarget)
RETURN release{.id, .state, .revision, .staleFrom, .recordedBy} AS release,
  line{.id, target: target.id} AS line,
  version{
    .id, .weightsDigest, .normalizationDigest, .actionSpaceDigest, .controllerDigest, .sensors, .actionSpace, .rateHz,
    .memoryMib, .robotSoftware, .recordedBy
  } AS version,
  recalled_from(version, $now) AS upstream,
  COLLECT {
    WITH * WHERE release IS NOT NULL
    MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE decides_on_running(decision)
    WITH DISTINCT release, decision ORDER BY decision.decidedAt, decision.id
    RETURN decision{
      .id, .type, .verdict, .digest, .decidedAt, .expiresAt, .rollbackAllowed,
      approves: EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision) WHERE true }
    } AS item
  } AS decisions
