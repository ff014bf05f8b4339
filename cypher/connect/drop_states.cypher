// Drops states to which no event has come for long enough.
//
// parameter before DateTime!: A state that was last touched before is dropped.
// parameter most Int!: How many to drop at most.
MATCH (state:InboxState) WHERE state.touchedAt < $before
WITH state LIMIT $most
DELETE state
RETURN count(*) AS dropped
