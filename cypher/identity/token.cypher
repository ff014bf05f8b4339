// The API token with an id.
//
// parameter id String!: Its id.
MATCH (token:ApiToken {id: $id})
RETURN properties(token) AS token
