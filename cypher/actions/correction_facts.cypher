// What is stored of a version or an artifact that is to be corrected. One row for it, and one of nulls. Locks it.
//
// parameter version ID(ModelVersion): The version.
// parameter artifact ID(Artifact): The artifact.
CALL () {
  MATCH (node:ModelVersion {id: $version}) WHERE node.describedAt IS NOT NULL
  RETURN node
  UNION
  MATCH (node:Artifact {id: $artifact}) WHERE node.describedAt IS NOT NULL
  RETURN node
  UNION
  RETURN null AS node
}
WITH node ORDER BY node.id
REMOVE node.lock
WITH node
RETURN node{
    .id, .revision, .name, .description, .labels, .owners, .externalIds, .weightsDigest, .normalizationDigest,
    .actionSpaceDigest, .controllerDigest, .uri, .parameters, .sensors, .actionSpace, .rateHz, .memoryMib, .robotSoftware,
    .license, .createdAt, .format, .precision, .toolchain, .builtAt
  } AS stored,
  COLLECT {
    WITH * WHERE node IS NOT NULL
    MATCH (chain:AuditChain {id: node.id}) WHERE true
    RETURN chain{.id, .length, .hash} AS item
  } AS chains
