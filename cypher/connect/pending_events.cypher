// The events that were kept before a moment and whose recording nobody has finished.
//
// parameter before DateTime!: The moment.
// parameter most Int!: How many to return at most.
MATCH (event:InboxEvent) WHERE event.open = 'PENDING' AND event.receivedAt < $before
WITH event ORDER BY event.receivedAt, event.id LIMIT $most
RETURN properties(event) AS event
