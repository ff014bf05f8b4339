// The webhook with an id.
//
// parameter id String!: Its id.
MATCH (webhook:Webhook {id: $id})
RETURN properties(webhook) AS webhook
