// A recall that is to end, and the lines of the releases that descend from what it recalls. One row. Locks the recall.
//
// parameter recall ID(Recall): The recall.
OPTIONAL MATCH (recall:Recall {id: $recall})
REMOVE recall.lock
WITH recall
RETURN recall{.id, .recordedAt, .revision, .subject, .validFrom, .validTo} AS recall,
  COLLECT {
    WITH * WHERE recall IS NOT NULL
    MATCH (recall)-[names:RECALLS]->(origin) WHERE true
    WITH with_versions(origin) AS starts
    UNWIND starts AS start
    MATCH walk = (start)<-[:BUILT_FROM*0..50 /* lineage and authority */]-(node)
    WITH node, min(length(walk)) AS depth
    WITH DISTINCT node WHERE node:Release
    WITH node AS release
    MATCH (release)-[within:IN_LINE]->(line:ReleaseLine) WHERE true
    RETURN DISTINCT line.id
  } AS lines,
  chains([recall.id]) AS chains
