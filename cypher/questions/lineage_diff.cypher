// What changed upstream of a node, between two moments of knowledge or between two versions.
//
// parameter of ID!: The node whose upstream is compared.
// parameter with ID: Another node to compare with, such as a later version; by default the same one.
// parameter from DateTime: The moment of knowledge of the first; by default now.
// parameter to DateTime: The moment of knowledge of the second; by default now.
// time none
// answers [LineageChange]: A node that is upstream in one of the two only, or an edge that is.
// column change LineageChangeType(ADDED, REMOVED)!: Whether only the second has it, or only the first.
// column node Node!: The node; of an edge, the thing that it points from.
// column target Node: Of an edge: what it leads to; null where the row is about the node itself.
// column type EdgeType: Of an edge: its type.
// column properties JSON: Of an edge: its own properties, such as a weight.
MATCH (before /* of of */ {id: $of}) WHERE true
MATCH (after /* of with */ {id: coalesce($with, $of)}) WHERE true
/* as known at $from */ CALL (before) {
  MATCH walk = (before)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..50 /* lineage */]->(node)
  WITH node, min(length(walk)) AS depth
  WITH node ORDER BY depth, node.id LIMIT 2000
  RETURN collect(node) AS olds
}
/* as known at $to */ CALL (after) {
  MATCH walk = (after)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..50 /* lineage */]->(node)
  WITH node, min(length(walk)) AS depth
  WITH node ORDER BY depth, node.id LIMIT 2000
  RETURN collect(node) AS news
}
/* as known at $from */ CALL (olds) {
  UNWIND olds AS node
  MATCH (node)-[link:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON /* lineage */]->(target) WHERE true
  RETURN collect({node: node, target: target, type: coalesce(link.type, type(link)), weight: link.weight, role: link.role, key: node.id + ' ' + coalesce(link.type, type(link)) + ' ' + target.id + ' ' + coalesce(toString(link.weight), '') + ' ' + coalesce(link.role, '')}) AS oldLinks
}
/* as known at $to */ CALL (news) {
  UNWIND news AS node
  MATCH (node)-[link:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON /* lineage */]->(target) WHERE true
  RETURN collect({node: node, target: target, type: coalesce(link.type, type(link)), weight: link.weight, role: link.role, key: node.id + ' ' + coalesce(link.type, type(link)) + ' ' + target.id + ' ' + coalesce(toString(link.weight), '') + ' ' + coalesce(link.role, '')}) AS newLinks
}
CALL (olds, news, oldLinks, newLinks) {
  UNWIND olds AS node
  WITH * WHERE NOT node IN news
  RETURN 'REMOVED' AS change, node, null AS link
  UNION ALL
  UNWIND news AS node
  WITH * WHERE NOT node IN olds
  RETURN 'ADDED' AS change, node, null AS link
  UNION ALL
  UNWIND oldLinks AS link
  WITH * WHERE NOT link.key IN [other IN newLinks | other.key]
  RETURN 'REMOVED' AS change, link.node AS node, link
  UNION ALL
  UNWIND newLinks AS link
  WITH * WHERE NOT link.key IN [other IN oldLinks | other.key]
  RETURN 'ADDED' AS change, link.node AS node, link
}
RETURN change,
  node,
  link.target AS target,
  link.type AS type,
  CASE WHEN link IS NOT NULL THEN {weight: link.weight, role: link.role} END AS properties
ORDER BY node.id, coalesce(link.key, ''), change
