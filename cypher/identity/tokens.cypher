// All API tokens, the newest first.
MATCH (token:ApiToken)
WITH token ORDER BY token.createdAt DESC, token.id
RETURN properties(token) AS token
