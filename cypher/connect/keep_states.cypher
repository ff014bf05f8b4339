// Keeps what the events of some things say together.
//
// parameter states [Map!]!: For each its `id`, `content` and `version`.
UNWIND $states AS row
MATCH (state:InboxState {id: row.id})
SET state += row
RETURN count(state) AS kept
