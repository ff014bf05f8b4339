// What is stored of a version that is to be corrected. One row. Locks it.
//
// parameter version ID(ModelVersion): The version.
OPTIONAL MATCH (version:ModelVersion {id: $version})
REMOVE version.lock
WITH version
RETURN COLLECT {
    WITH * WHERE version.describedAt IS NOT NULL
    RETURN version{
      .id, .revision, .name, .description, .labels, .owners, .externalIds, .weightsDigest, .normalizationDigest,
      .actionSpaceDigest, .controllerDigest, .uri, .parameters, .sensors, .actionSpace, .rateHz, .memoryMib, .robotSoftware,
      .license, .createdAt
    } AS item
  }[0] AS stored,
  chains([version.id]) AS chains
