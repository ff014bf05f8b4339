// Removes deliveries that nobody needs any more, some at a time: those of old messages, and those of webhooks that are gone.
//
// parameter before String!: The message before which deliveries that are done are removed.
// parameter dead String!: The message before which dead ones are removed, too.
// parameter most Int!: How many at most.
MATCH (delivery:WebhookDelivery)
WHERE (delivery.entry < $before AND delivery.held IS NULL)
  OR (delivery.entry < $dead AND delivery.state = 'DEAD')
  OR NOT EXISTS { MATCH (webhook:Webhook {id: delivery.webhook}) }
WITH delivery LIMIT $most
DELETE delivery
RETURN count(*) AS removed
