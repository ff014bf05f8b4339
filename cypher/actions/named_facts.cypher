// When each node was first suspected by an attribution.
MATCH (attribution:Attribution)-[suspects:SUSPECTS]->(node) WHERE true
RETURN node.id AS id, min(attribution.recordedAt) AS at
ORDER BY id
