// An artifact may be used at a moment: it was registered as available, and nobody had put it in quarantine or deleted it by then.
//
// parameter artifact: The artifact.
// parameter moment: The moment.
any(told IN [artifact /* as known */] WHERE coalesce(told.state = 'AVAILABLE', false) OR (
  coalesce(told.quarantinedAt, told.deletedAt, '') > moment
  AND (coalesce(artifact.imported, false) OR EXISTS { MATCH (artifact)-[authorized:AUTHORIZED_BY]->(decision:Decision) WHERE true })
))
