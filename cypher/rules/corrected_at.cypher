// When one of a version's digests was last corrected, so that measurements from before are of something else; null where none was.
//
// parameter version: The version.
COLLECT {
  MATCH (revision:Revision)-[revises:REVISES]->(version)
  WHERE any(name IN revision.changed WHERE name IN ['weightsDigest', 'normalizationDigest', 'actionSpaceDigest', 'controllerDigest'] AND revision[name] IS NOT NULL)
  WITH revision ORDER BY revision.number DESC LIMIT 1
  RETURN revision.revisedAt
}[0]
