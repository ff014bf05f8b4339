// Everything that the artifacts which were seen on robots were made from, each with what it was made from itself.
MATCH (artifact:Artifact) WHERE EXISTS { MATCH (artifact)<-[of:OF]-(seen:Installation) WHERE true }
MATCH walk = (artifact)-[:BUILT_FROM*0..50 /* lineage */]->(node)
WITH node, min(length(walk)) AS depth
WITH DISTINCT node
RETURN node.id AS id,
  labels(node)[0] AS kind,
  node.configuration AS configuration,
  COLLECT { MATCH (node)-[link:BUILT_FROM /* lineage */]->(source) WHERE true RETURN DISTINCT source.id } AS sources
ORDER BY id
