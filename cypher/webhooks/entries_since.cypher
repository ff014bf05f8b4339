// The ids of the messages of the outbox since a moment.
//
// parameter since String!: The moment, or an id.
MATCH (told:OutboxEntry) WHERE told.id >= $since
RETURN told.id AS id
