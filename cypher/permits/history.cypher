// All that the intervals follow from in which releases may go on running, and those that are stored. One row a release; locks it.
//
// parameter releases [ID(Release)]: The releases.
// parameter versions [ID(ModelVersion)]: Versions whose releases.
// parameter decisions [ID(Decision)]: Decisions about which releases.
CALL () {
  UNWIND $releases AS id
  MATCH (release:Release {id: id})-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line, within
  UNION
  UNWIND $versions AS id
  MATCH (version:ModelVersion {id: id})<-[of:OF]-(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line, within
  UNION
  UNWIND $decisions AS id
  MATCH (decision:Decision {id: id})-[about:ABOUT]->(release:Release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
  RETURN release, line, within
}
WITH release, line, within ORDER BY release.id
REMOVE release.lock
WITH release, line, within
RETURN release.id AS id,
  line.id AS line,
  within.recordedAt AS since,
  coalesce(release.describedAt, release.recordedAt) AS recordedAt,
  release.recordedBy AS recordedBy,
  release.source AS source,
  release.state AS state,
  release.staleFrom AS staleFrom,
  release.imported AS imported,
  COLLECT {
    MATCH (revision:Revision)-[revises:REVISES]->(release) WHERE true
    WITH revision ORDER BY revision.number
    RETURN revision{.revisedAt, .revisedBy, .revisedFrom, .state, .staleFrom} AS item
  } AS stood,
  COLLECT {
    MATCH (decision:Decision)-[about:ABOUT]->(release) WHERE decision.describedAt IS NOT NULL
    WITH decision, about ORDER BY decision.id
    RETURN decision{
      .id, .recordedBy, .source, .type, .verdict, .digest, .decidedAt, .expiresAt, .state, .imported,
      recordedAt: CASE WHEN about.recordedAt > decision.describedAt THEN about.recordedAt ELSE decision.describedAt END,
      stood: COLLECT {
        MATCH (revision:Revision)-[revises:REVISES]->(decision) WHERE true
        WITH revision ORDER BY revision.number
        RETURN revision{
          .revisedAt, .revisedBy, .revisedFrom, .type, .verdict, .digest, .decidedAt, .expiresAt, .state
        } AS item
      }
    } AS item
  } AS decisions,
  COLLECT {
    MATCH (release)-[of:OF]->(version:ModelVersion)<-[revises:REVISES]-(revision:Revision)
    WHERE any(name IN revision.changed WHERE name IN ['weightsDigest', 'normalizationDigest', 'actionSpaceDigest', 'controllerDigest', 'sensors', 'actionSpace', 'rateHz', 'memoryMib', 'robotSoftware'])
    WITH of, revision ORDER BY revision.number
    RETURN revision{
      .revisedAt, .revisedBy, .revisedFrom,
      knownAt: CASE WHEN of.recordedAt > revision.revisedAt THEN of.recordedAt ELSE revision.revisedAt END
    } AS item
  } AS bound,
  COLLECT { MATCH (release)-[permits:PERMITTED]->(line) WHERE true RETURN permits{.basis, .validFrom, .validTo, .recordedAt} AS item } AS permitted,
  COLLECT {
    MATCH (release)-[permitted:RETRACTED]->(line) WHERE permitted.type = 'PERMITTED'
    RETURN permitted{.basis, .validFrom, .validTo, .recordedAt} AS item
  } AS former
