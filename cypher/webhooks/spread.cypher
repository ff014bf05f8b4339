// Keeps deliveries, unless they are kept already.
//
// parameter rows [Map!]!: Their properties, each with its `id`.
UNWIND $rows AS row
MERGE (delivery:WebhookDelivery {id: row.id})
ON CREATE SET delivery += row
RETURN count(*) AS kept
