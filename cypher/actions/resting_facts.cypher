// The releases that descend from a node or are allowed because of it, each with its line, its version, what lets it run and the policy in force;
// a part of what `standing_facts` answers, in the same names. One row a release. `recall_facts` holds the locks.
//
// parameter subject ID!: The node.
// parameter now DateTime!: Now.
WITH recallable($subject) AS subject
WITH with_versions(subject) AS starts
UNWIND starts AS start
MATCH walk = (start)<-[:BUILT_FROM*0..50 /* lineage and authority */]-(node)
WITH node, min(length(walk)) AS depth
WITH DISTINCT node WHERE node:Release
WITH node AS release
MATCH (release)-[of:OF]->(version:ModelVersion), (release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
WITH release, version, line, policy_of(line, $now) AS policy ORDER BY release.id
RETURN release{.id, .state, .revision, .staleFrom, .recordedAt, .recordedBy} AS release,
  line{.id} AS line,
  version{
    .id, .weightsDigest, .normalizationDigest, .actionSpaceDigest, .controllerDigest, .sensors, .actionSpace, .rateHz,
    .memoryMib, .robotSoftware, .recordedBy
  } AS version,
  policy{.id, .document} AS policy,
  COLLECT {
    MATCH (release)-[permits:PERMITTED]->(line) WHERE coalesce(permits.validTo >= $now, true)
    RETURN permits{.basis, .validFrom, .validTo} AS item
  } AS permitted,
  chains([release.id]) AS chains
