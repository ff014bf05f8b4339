// Ends API tokens.
//
// parameter ids [String!]!: Their ids.
// parameter now DateTime!: Since when they are revoked.
// parameter by String!: Who revoked them.
UNWIND $ids AS id
MATCH (token:ApiToken {id: id})
SET token.revokedAt = $now, token.revokedBy = $by
RETURN properties(token) AS token
