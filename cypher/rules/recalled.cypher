// The recalls that stand at a moment and name something by lineage: it, or what it descends from by at most 50 edges. While none stands,
// nothing is walked.
//
// parameter thing: The artifact, version or other node; or null.
// parameter moment: The moment.
COLLECT {
  WITH * WHERE thing IS NOT NULL
  MATCH (one:Recall) WHERE holds(one, moment)
  WITH thing, collect(one) AS standing WHERE size(standing) > 0
  MATCH walk = (thing)-[:BUILT_FROM*0..50 /* lineage */]->(source)
  WITH standing, source, min(length(walk)) AS depth
  WITH standing, recalls_of(source) AS naming
  UNWIND [recall IN naming WHERE recall IN standing] AS recall
  WITH DISTINCT recall ORDER BY recall.id
  RETURN recall
}
