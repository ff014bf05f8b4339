// The artifacts that must not be used any more, without the moment since when, and what they were before each revision.
MATCH (artifact:Artifact)
WHERE artifact.state IN ['QUARANTINED', 'DELETED'] AND artifact.quarantinedAt IS NULL AND artifact.deletedAt IS NULL
RETURN artifact.id AS id,
  artifact.state AS state,
  COLLECT {
    MATCH (revision:Revision)-[revises:REVISES]->(artifact) WHERE true
    WITH revision ORDER BY revision.number
    RETURN revision{.id, .revisedAt, .state} AS item
  } AS stood
ORDER BY id
