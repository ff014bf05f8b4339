// Releases that a recall affects, each with its line, its version, what lets it run and the policy in force; a part of what `standing_facts` answers,
// in the same names. `decided` is the newest decision about it: what was decided meanwhile makes the recall decide anew, so that it is dated after it. One row a release. `recall_facts` holds the locks.
//
// parameter releases [ID(Release)] = []: The releases.
// parameter now DateTime!: Now.
UNWIND $releases AS id
MATCH (release:Release {id: id})-[of:OF]->(version:ModelVersion), (release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
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
  COLLECT {
    MATCH (release)<-[about:ABOUT]-(decision:Decision) WHERE true
    WITH decision ORDER BY decision.recordedAt DESC LIMIT 1
    RETURN decision{.id, .recordedAt} AS item
  } AS decided,
  chains([release.id]) AS chains
