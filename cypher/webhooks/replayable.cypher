// The dead deliveries of a webhook, or the one with the id of a message.
//
// parameter held String!: What the dead deliveries of the webhook are looked up by.
// parameter message String!: The id of the message, or an empty text for all.
// parameter most Int!: How many at most.
MATCH (delivery:WebhookDelivery {held: $held}) WHERE $message = '' OR delivery.message = $message
WITH delivery ORDER BY delivery.id LIMIT $most
RETURN delivery.id AS id
