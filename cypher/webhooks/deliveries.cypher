// The newest deliveries of a webhook.
//
// parameter since String!: The beginning of their ids.
// parameter until String!: What is greater than all their ids.
// parameter states [String!]!: The states that count.
// parameter most Int!: How many at most.
MATCH (delivery:WebhookDelivery) WHERE delivery.id > $since AND delivery.id < $until AND delivery.state IN $states
WITH delivery ORDER BY delivery.id DESC LIMIT $most
RETURN properties(delivery) AS delivery
