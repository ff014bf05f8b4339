// Keeps events as they came, and what became of them. A null takes a property away.
//
// parameter events [Map!]!: The properties of each, its id among them.
UNWIND $events AS row
MERGE (event:InboxEvent {id: row.id})
SET event += row
RETURN count(event) AS kept
