// The releases of versions, with what lets them run. One row a release, in the names of `standing_facts`, without locks.
//
// parameter versions [ID(ModelVersion)]: The versions.
UNWIND $versions AS id
MATCH (version:ModelVersion {id: id})<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
WITH DISTINCT version, release, line
RETURN {id: release.id, state: release.state, revision: 0, staleFrom: release.staleFrom, recordedBy: release.recordedBy} AS release,
  {id: line.id, target: COLLECT { MATCH (line)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0]} AS line,
  {
    id: version.id, weightsDigest: version.weightsDigest, normalizationDigest: version.normalizationDigest,
    actionSpaceDigest: version.actionSpaceDigest, controllerDigest: version.controllerDigest, sensors: version.sensors,
    actionSpace: version.actionSpace, rateHz: version.rateHz, memoryMib: version.memoryMib, robotSoftware: version.robotSoftware,
    recordedBy: version.recordedBy
  } AS version,
  COLLECT {
    MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE decides_on_running(decision)
    WITH DISTINCT release, decision
    RETURN {
      id: decision.id, type: decision.type, verdict: decision.verdict, digest: decision.digest, decidedAt: decision.decidedAt,
      expiresAt: decision.expiresAt, rollbackAllowed: decision.rollbackAllowed,
      approves: EXISTS { MATCH (release)-[approved:APPROVED_BY]->(decision) WHERE true }
    } AS item
  } AS decisions
ORDER BY release.id
