// What descends from the subject of a recall, or is allowed because of it: each node with what it was made from and what allows it. Of
// deployments those that are not over; installations that last stand beside their artifact, each with its robot, since they are many. A dataset or model stands for its versions, a job for its runs, a customer, site or
// fleet for the data that was collected there while it was theirs. Forebear follows at most 50 edges. One row a node, without locks.
//
// parameter node ID: The node that is recalled, or the customer whose data is.
// parameter toolchain String: The toolchain that is recalled.
// parameter setting String: The last part of the name of the run setting that is recalled, in quotation marks. Runs whose configuration holds it come with it.
// parameter since DateTime: Since when a recall stands. Then deployments and installations that were over later come as well.
// parameter now DateTime!: Now.
UNWIND beginnings($node, $toolchain, $setting) AS begins
WITH begins[0] AS start, begins[1] AS tail
WITH start, tail ORDER BY size(tail), tail
WITH start, collect(tail)[0] AS tail
CALL (start, tail) {
  MATCH walk = (start)<-[:BUILT_FROM|OF|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage and authority */]-(node)
  WITH start, tail, node, min(length(walk)) AS depth
  RETURN node, depth, CASE WHEN depth = 0 THEN tail END AS origin
}
WITH node, min(depth) AS depth, collect(origin)[0] AS origin
WITH node, depth, origin WHERE NOT node:Installation
  AND (NOT node:Deployment OR unfinished(node) OR ($since IS NOT NULL AND lasts(node, $since)))
RETURN node.id AS id,
  labels(node)[0] AS kind,
  node.recordedAt AS recordedAt,
  depth > 50 AS beyond,
  origin,
  CASE WHEN $setting <> '' AND node:Run AND origin IS NOT NULL THEN node.configuration END AS configuration,
  COLLECT { MATCH (node)-[link:BUILT_FROM /* lineage */]->(source) WHERE true RETURN DISTINCT source.id } AS made,
  COLLECT { MATCH (node)-[link:CITES /* authority */]->(source) WHERE true RETURN DISTINCT source.id } AS allowed,
  COLLECT { WITH * WHERE node:Deployment MATCH (node)-[on:ON]->(place) WHERE true RETURN place.id }[0] AS place,
  COLLECT {
    WITH * WHERE node:Artifact
    MATCH (node)<-[of:OF]-(seen:Installation) WHERE overlaps(seen, coalesce($since, $now), $now)
    RETURN [seen.id, COLLECT { MATCH (seen)-[on:ON]->(robot:Robot) WHERE true RETURN robot.id }[0]] AS item
  } AS seen
ORDER BY id
