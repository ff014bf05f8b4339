// Removes messages of the outbox, some at a time.
//
// parameter before String!: The id before which they are removed.
// parameter most Int!: How many at most.
MATCH (told:OutboxEntry) WHERE told.id < $before
WITH told LIMIT $most
DELETE told
RETURN count(*) AS removed
