// Drops events that have been kept for long enough.
//
// parameter recordedBefore DateTime!: A recorded event that came before is dropped.
// parameter openBefore DateTime!: An event that is not recorded whole and came before is dropped.
// parameter most Int!: How many to drop at most.
MATCH (event:InboxEvent) WHERE event.receivedAt < CASE WHEN event.open IS NULL THEN $recordedBefore ELSE $openBefore END
WITH event LIMIT $most
DELETE event
RETURN count(*) AS dropped
