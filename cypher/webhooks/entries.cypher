// Messages of the outbox.
//
// parameter ids [String!]!: Their ids.
UNWIND $ids AS id
MATCH (told:OutboxEntry {id: id})
RETURN properties(told) AS entry
