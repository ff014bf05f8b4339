// Has migrations run again, since what is restored now had not had them.
//
// parameter ids [String!]: The migrations.
UNWIND $ids AS id
MERGE (migration:Migration {id: id})
REMOVE migration.finishedAt, migration.claimedUntil
RETURN count(*) AS written
