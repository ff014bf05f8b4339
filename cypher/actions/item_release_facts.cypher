// Releases that a recall concerns: their lines, and when they might run, on which basis. One row a release, without locks.
//
// parameter releases [ID(Release)]: The releases.
UNWIND $releases AS id
MATCH (release:Release {id: id})-[within:IN_LINE]->(line:ReleaseLine) WHERE true
WITH DISTINCT release, line
RETURN release.id AS id,
  line.id AS line,
  release.state AS state,
  COLLECT {
    MATCH (release)-[permits:PERMITTED]->(line) WHERE true
    RETURN permits{.basis, .validFrom, .validTo} AS item
  } AS permitted
ORDER BY id
