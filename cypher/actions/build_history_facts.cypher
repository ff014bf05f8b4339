// Every artifact that was seen on a robot, with how it was built.
MATCH (artifact:Artifact) WHERE EXISTS { MATCH (artifact)<-[of:OF]-(seen:Installation) WHERE true }
RETURN artifact.id AS id,
  artifact.toolchain AS toolchain,
  artifact.precision AS precision,
  COLLECT { MATCH (artifact)-[for:FOR]->(target:HardwareTarget) WHERE true RETURN target.id }[0] AS target
ORDER BY id
