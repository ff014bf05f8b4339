// Has dead deliveries sent again, each in a queue of its own, so that it holds nothing up.
//
// parameter ids [String!]!: The deliveries.
// parameter held String!: What pending deliveries of the webhook are looked up by.
// parameter now DateTime!: Now.
UNWIND $ids AS id
MATCH (delivery:WebhookDelivery {id: id})
SET delivery.held = $held, delivery.state = 'PENDING', delivery.queue = delivery.id, delivery.attempts = 0,
  delivery.dueAt = $now
RETURN count(*) AS replayed
