// Removes a webhook. Its deliveries are removed later, some at a time.
//
// parameter id String!: Its id.
MATCH (webhook:Webhook {id: $id})
DELETE webhook
