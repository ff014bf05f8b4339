// The API tokens with an id or a name that are not revoked yet.
//
// parameter named String!: The id or the name.
MATCH (token:ApiToken) WHERE (token.id = $named OR token.name = $named) AND token.revokedAt IS NULL
WITH token ORDER BY token.id
RETURN properties(token) AS token
