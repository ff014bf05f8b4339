// Lists what changed upstream of a node, between two moments of knowledge or between two versions. Forebear follows at most 50 edges.
//
// It answers for every node that was known at one of the moments, whatever became of it since.
//
// parameter of ID!: The node whose upstream to compare.
// parameter with ID: Another node to compare with, such as a later version. By default it is the same node.
// parameter from DateTime: The moment of knowledge for the first node. By default it is now.
// parameter to DateTime: The moment of knowledge for the second node. By default it is now.
// time none
// known $from where change = 'REMOVED'
// known $to
// faults
// answers [LineageChange]: A node or an edge that is upstream of only one of the two, or a node upstream of both that only one of them describes or that has other values in the second. Each node occurs once.
// column change LineageChangeType(ADDED, REMOVED, CHANGED, DESCRIBED)!: ADDED: only the second has it. REMOVED: only the first has it. CHANGED: both have it, with other values. DESCRIBED: both have it, and only one of them describes it.
// column node Node!: The node. For an edge, the node that it points from.
// column target Node: For an edge, the node that it leads to. Null if the row is about the node itself.
// column type EdgeType: For an edge, its type.
// column properties JSON: For an edge, its properties, such as a weight.
// column changes [ChangedProperty!]!: Of a node with other values: which; none otherwise.
// type ChangedProperty: A property that has another value, of those that do not change in silence.
//   name String!: The property.
//   before Value: Its value in the first; null where it had none.
//   after Value: Its value in the second.
MATCH (before /* of of */ {id: $of}) WHERE true
MATCH (after /* of with */ {id: coalesce($with, $of)}) WHERE true
/* as known at $from */ CALL (before) {
  MATCH walk = (before)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]->(node)
  WITH before, node, min(length(walk)) AS depth
  WITH node, depth WHERE node.id <> before.id
  WITH node, depth ORDER BY depth, node.id LIMIT 2001
  WITH collect(node)[..2000] AS nearest, collect(depth) AS far
  WITH nearest, far, size([depth IN far[..2000] WHERE depth <= 50]) AS within
  RETURN nearest[..within] AS olds, size(far) > within AS oldMore
}
/* as known at $to */ CALL (after) {
  MATCH walk = (after)-[:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON*0..51 /* lineage */]->(node)
  WITH after, node, min(length(walk)) AS depth
  WITH node, depth WHERE node.id <> after.id
  WITH node, depth ORDER BY depth, node.id LIMIT 2001
  WITH collect(node)[..2000] AS nearest, collect(depth) AS far
  WITH nearest, far, size([depth IN far[..2000] WHERE depth <= 50]) AS within
  RETURN nearest[..within] AS news, size(far) > within AS newMore
}
WITH before, after, olds, news, oldMore OR newMore AS truncated
/* as known at $from */ CALL (before, olds) {
  UNWIND [before] + olds AS node
  MATCH (node)-[link:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON /* lineage */]->(target) WHERE true
  WITH node, link, target, coalesce(link.type, type(link)) AS type
  WITH node, link, target, type, coalesce(' weight ' + toString(link.weight), '') + coalesce(' from ' + link.collectedFrom, '') + coalesce(' to ' + link.collectedTo, '') + coalesce(' role ' + link.role, '') AS own
  RETURN collect({node: node, target: target, type: type, weight: link.weight, role: link.role, collectedFrom: link.collectedFrom, collectedTo: link.collectedTo, place: type + ' ' + target.id, key: node.id + ' ' + type + ' ' + target.id + own}) AS oldLinks
}
/* as known at $to */ CALL (after, news) {
  UNWIND [after] + news AS node
  MATCH (node)-[link:BUILT_FROM|PRODUCED_BY|PROMOTED_FROM|TRAINED_ON /* lineage */]->(target) WHERE true
  WITH node, link, target, coalesce(link.type, type(link)) AS type
  WITH node, link, target, type, coalesce(' weight ' + toString(link.weight), '') + coalesce(' from ' + link.collectedFrom, '') + coalesce(' to ' + link.collectedTo, '') + coalesce(' role ' + link.role, '') AS own
  RETURN collect({node: node, target: target, type: type, weight: link.weight, role: link.role, collectedFrom: link.collectedFrom, collectedTo: link.collectedTo, place: type + ' ' + target.id, key: node.id + ' ' + type + ' ' + target.id + own}) AS newLinks
}
CALL (before, after, olds, news) {
  WITH * WHERE $from <> $to
  UNWIND olds + CASE WHEN before.id = after.id THEN [before] ELSE [] END AS node
  WITH * WHERE node IN news OR node.id = before.id
  WITH node, CASE WHEN $from < $to THEN $from ELSE $to END AS since, CASE WHEN $from < $to THEN $to ELSE $from END AS until
  WITH * WHERE node.recordedAt <= since
  WITH * WHERE node.describedAt IS NULL OR node.describedAt > since OR EXISTS { MATCH (revision:Revision)-[revises:REVISES]->(node) WHERE revision.revisedAt > since AND revision.revisedAt <= until }
  WITH node, since, until,
    COLLECT { MATCH (later:Revision)-[revises:REVISES]->(node) WHERE later.revisedAt > $from WITH later ORDER BY later.number LIMIT 1 RETURN later } AS olders,
    COLLECT { MATCH (later:Revision)-[revises:REVISES]->(node) WHERE later.revisedAt > $to WITH later ORDER BY later.number LIMIT 1 RETURN later } AS newers
  WITH node, since, until, (olders + [node])[0] AS old, (newers + [node])[0] AS new
  WITH node, since, until, old, new, coalesce(old.describedAt <= $from, false) AS was, coalesce(new.describedAt <= $to, false) AS is
  WITH * WHERE (was OR is) AND old.retractedAt IS NULL AND new.retractedAt IS NULL
  CALL (node, since, until, old, new) {
    MATCH (revision:Revision)-[revises:REVISES]->(node) WHERE revision.revisedAt > since AND revision.revisedAt <= until
    UNWIND revision.changed AS name
    WITH DISTINCT name, old, new WHERE NOT name IN ['lastSeenAt', 'retractedAt', 'imported', 'name', 'description', 'labels', 'owners', 'externalIds', 'tags', 'updatedAt']
    WITH name, old[name] AS first, new[name] AS second
    WITH * WHERE NOT coalesce(first = second, first IS NULL AND second IS NULL)
    WITH name, first, second ORDER BY name
    RETURN collect({name: name, before: [name, first], after: [name, second]}) AS values
  }
  WITH node, CASE WHEN was = is THEN values ELSE [] END AS values, CASE WHEN was = is THEN 'CHANGED' ELSE 'DESCRIBED' END AS change
  WITH * WHERE change = 'DESCRIBED' OR size(values) > 0
  RETURN collect({node: node, change: change, values: values}) AS revised
}
CALL (olds, news, oldLinks, newLinks, revised) {
  UNWIND olds AS node
  WITH * WHERE NOT node IN news
  RETURN 'REMOVED' AS change, node, null AS link, [] AS changes
  UNION ALL
  UNWIND news AS node
  WITH * WHERE NOT node IN olds
  RETURN 'ADDED' AS change, node, null AS link, [] AS changes
  UNION ALL
  UNWIND oldLinks AS link
  WITH * WHERE NOT link.key IN [other IN newLinks | other.key]
  RETURN 'REMOVED' AS change, link.node AS node, link, [] AS changes
  UNION ALL
  UNWIND newLinks AS link
  WITH * WHERE NOT link.key IN [other IN oldLinks | other.key]
  RETURN 'ADDED' AS change, link.node AS node, link, [] AS changes
  UNION ALL
  UNWIND revised AS one
  RETURN one.change AS change, one.node AS node, null AS link, one.values AS changes
}
WITH change, node, link, changes
RETURN change,
  node,
  link.target AS target,
  link.type AS type,
  CASE WHEN link IS NOT NULL THEN {weight: link.weight, role: link.role, collectedFrom: link.collectedFrom, collectedTo: link.collectedTo} END AS properties,
  changes
ORDER BY node.id, coalesce(link.place, ''), coalesce(link.role, ''), change
