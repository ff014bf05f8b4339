// Keeps a new webhook.
//
// parameter webhook Map!: Its properties, its id among them.
CREATE (webhook:Webhook {id: $webhook.id})
SET webhook += $webhook
RETURN properties(webhook) AS webhook
