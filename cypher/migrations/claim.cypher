// Claims a migration for a while, unless it is done or somebody else works at it; the same again prolongs the claim.
//
// parameter id String!: The migration.
// parameter by String!: Who claims it.
// parameter now DateTime!: Now.
// parameter until DateTime!: Until when, unless it is prolonged.
MERGE (migration:Migration {id: $id})
REMOVE migration.lock
WITH migration, migration.finishedAt IS NULL AND (coalesce(migration.claimedUntil <= $now, true) OR migration.claimedBy = $by) AS claimed
SET migration += CASE WHEN claimed THEN {claimedBy: $by, claimedUntil: $until} ELSE {} END
RETURN claimed, migration.finishedAt IS NOT NULL AS finished
