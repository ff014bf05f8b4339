// Keeps what became of events whose facts have been recorded.
//
// parameter events [Map!]!: For each its `id`, and what is `open` of it with the `reasons`, or nulls.
UNWIND $events AS row
MATCH (event:InboxEvent {id: row.id})
SET event.open = row.open, event.reasons = row.reasons
RETURN count(event) AS settled
