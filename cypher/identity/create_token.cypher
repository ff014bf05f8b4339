// Keeps a new API token.
//
// parameter token Map!: Its properties, its id among them.
CREATE (token:ApiToken {id: $token.id})
SET token += $token
RETURN properties(token) AS token
