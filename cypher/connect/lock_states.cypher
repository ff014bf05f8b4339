// Locks the states of some things, and makes those that are new.
//
// parameter states [Map!]!: For each its `id`, `connector` and `about`. They are in the order of their ids.
// parameter now DateTime!: The moment of the request.
UNWIND $states AS row
MERGE (state:InboxState {id: row.id})
ON CREATE SET state.connector = row.connector, state.about = row.about, state.version = 0
REMOVE state.lock
SET state.touchedAt = $now
RETURN state.id AS id, state.content AS content, state.version AS version
