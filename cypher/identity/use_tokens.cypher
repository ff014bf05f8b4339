// Keeps when API tokens were last used.
//
// parameter uses [Map!]!: For each its `id`, and the moment as `at`.
UNWIND $uses AS use
MATCH (token:ApiToken {id: use.id}) WHERE coalesce(token.lastUsedAt, '') < use.at
SET token.lastUsedAt = use.at
