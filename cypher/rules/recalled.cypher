// The recalls that stand at a moment and name something by lineage: it, or what it descends from by at most 50 edges. While none stands,
// nothing is walked.
//
// parameter thing: The artifact, version or other node; or null.
// parameter moment: The moment.
COLLECT {
  WITH * WHERE thing IS NOT NULL AND EXISTS { MATCH (standing:Recall) WHERE holds(standing, moment) }
  MATCH walk = (thing)-[:BUILT_FROM*0..50 /* lineage */]->(source)
  WITH source, min(length(walk)) AS depth
  WITH recalls_of(source) AS naming
  UNWIND naming AS recall
  WITH DISTINCT recall ORDER BY recall.id
  WITH recall WHERE holds(recall, moment)
  RETURN recall
}
