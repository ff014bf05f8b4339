// Shows what a node was made from, or what was made from it. It answers nodes with their depth, the edges between them, and counts by kind.
//
// parameter of ID!: The node where the walk begins.
// parameter direction LineageDirection(UPSTREAM, DOWNSTREAM)! = UPSTREAM: Whether to walk towards what the node came from, or towards what came of it.
// parameter kinds [Kind!]: The kinds to show. By default all. The walk passes through the others, and the counts include them.
// parameter maxDepth Int(0..50)! = 50: The number of edges to follow, at most 50.
// parameter first Int(0..500)! = 100: The number of nodes to show, nearest first, at most 500.
// answers Lineage: A walk over lineage edges.
// column nodes [LineageNode!]!: The nodes shown, nearest first.
// column edges [LineageEdge!]!: The edges between the nodes shown.
// column counts [KindCount!]!: All nodes that the walk found, by kind.
// column total Int!: The number of nodes that the walk found, at most 10,000.
// column truncated Boolean!: Whether there is more than the answer shows: nodes beyond `first`, beyond `maxDepth`, or beyond the bound of 10,000.
// type LineageNode: A node of a walk.
//   node Node!: The node.
//   depth Int!: The number of edges between it and the beginning.
//   hidden Int!: The number of its edges in the walk's direction that lead to nodes which the answer does not show.
// type LineageEdge: An edge of a walk. It points from a thing to what it came from.
//   source ID!: The thing.
//   target ID!: What it came from.
//   type EdgeType!: Its type.
//   properties JSON!: Its properties.
// type KindCount: The number of nodes of a kind.
//   kind Kind!: The kind.
//   count Int!: The number of nodes.
MATCH (start /* of of */ {id: $of}) WHERE true
CALL (start) {
  WITH * WHERE $direction = 'UPSTREAM'
  MATCH walk = (start)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage, nearest 10001 */]->(node)
  WITH node, min(length(walk)) AS depth
  RETURN node, depth
  UNION ALL
  WITH * WHERE $direction = 'DOWNSTREAM'
  MATCH walk = (start)<-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage, nearest 10001 */]-(node)
  WITH node, min(length(walk)) AS depth
  RETURN node, depth
}
WITH node, depth ORDER BY depth, node.id LIMIT 10001
WITH collect(node)[..10000] AS nearest, collect(depth) AS far
WITH nearest, far, size([depth IN far[..10000] WHERE depth <= $maxDepth]) AS within
WITH nearest[..within] AS reachable, far[..within] AS depths, size(far) > within AS beyond
CALL (reachable) {
  UNWIND reachable AS node
  WITH labels(node)[0] AS kind, count(*) AS count ORDER BY kind
  RETURN collect({kind: kind, count: count}) AS counts
}
WITH reachable, depths, beyond, counts, [i IN range(0, size(reachable) - 1) WHERE $kinds IS NULL OR labels(reachable[i])[0] IN $kinds] AS fitting
WITH size(reachable) AS total, counts, beyond OR size(fitting) > $first AS more, [i IN fitting[..$first] | reachable[i]] AS shown, [i IN fitting[..$first] | depths[i]] AS levels
RETURN COLLECT {
    UNWIND range(0, size(shown) - 1) AS i
    WITH *, shown[i] AS node, levels[i] AS depth
    RETURN {node: node, depth: depth, hidden: CASE $direction
      WHEN 'UPSTREAM' THEN COUNT { MATCH (node)-[link:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON /* lineage */]->(other) WHERE NOT other IN shown }
      ELSE COUNT { MATCH (node)<-[link:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON /* lineage */]-(other) WHERE NOT other IN shown }
    END} AS item
  } AS nodes,
  COLLECT {
    UNWIND shown AS node
    MATCH (node)-[link:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON /* lineage */]->(other) WHERE other IN shown
    WITH * ORDER BY node.id, other.id, coalesce(link.type, type(link)), coalesce(link.role, '')
    RETURN {source: node.id, target: other.id, type: coalesce(link.type, type(link)), properties: properties(link)} AS item
  } AS edges,
  counts,
  total,
  more AS truncated
