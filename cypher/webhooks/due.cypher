// The first deliveries of each queue of a webhook whose first one is due, with the messages that they deliver.
//
// parameter held String!: What the pending deliveries of the webhook are looked up by.
// parameter now DateTime!: Now.
// parameter most Int!: How many queues at most.
// parameter run Int!: How many deliveries of a queue at most.
MATCH (delivery:WebhookDelivery {held: $held})
WITH delivery ORDER BY delivery.queue, delivery.number
WITH delivery.queue AS queue, collect(delivery) AS waiting
WITH queue, waiting, waiting[0].dueAt AS due
WHERE due <= $now
WITH queue, waiting, due ORDER BY due, queue LIMIT $most
UNWIND waiting[..$run] AS delivery
MATCH (told:OutboxEntry {id: delivery.entry})
RETURN properties(delivery) AS delivery, properties(told) AS entry
