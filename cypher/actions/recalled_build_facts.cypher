// The builds of versions, each with its version and its hardware target. One row a build, without locks.
//
// parameter versions [ID(ModelVersion)]: The versions.
UNWIND $versions AS id
MATCH (version:ModelVersion {id: id})<-[built:BUILT_FROM]-(artifact:Artifact) WHERE true
WITH DISTINCT version, artifact
RETURN {id: artifact.id, values: {}, describedAt: artifact.describedAt, state: artifact.state} AS artifact,
  {id: version.id, describedAt: version.describedAt, rateHz: version.rateHz, memoryMib: version.memoryMib, robotSoftware: version.robotSoftware} AS version,
  COLLECT {
    MATCH (artifact)-[for:FOR]->(target:HardwareTarget) WHERE true
    RETURN {id: target.id, describedAt: target.describedAt, memoryMib: target.memoryMib} AS item
  }[0] AS target
ORDER BY artifact.id
