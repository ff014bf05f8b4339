// The stored events with some ids.
//
// parameter ids [String!]!: The ids.
UNWIND $ids AS id
MATCH (event:InboxEvent {id: id})
RETURN properties(event) AS event
