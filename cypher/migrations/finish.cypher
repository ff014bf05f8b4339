// Says that a migration is done.
//
// parameter id String!: The migration.
// parameter now DateTime!: Now.
MATCH (migration:Migration {id: $id})
SET migration.finishedAt = $now
RETURN count(*) AS written
