// Holds the names that reports go by: no row of it matters. Locks the names.
//
// parameter held [String!]!: The names in other systems.
UNWIND $held AS name
MERGE (external:ExternalId {id: name})
REMOVE external.lock
RETURN count(*) AS held
