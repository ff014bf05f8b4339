// Changes a webhook.
//
// parameter id String!: Its id.
// parameter values Map!: The new values of properties.
MATCH (webhook:Webhook {id: $id})
SET webhook += $values
RETURN properties(webhook) AS webhook
