// Keeps what became of attempts to deliver.
//
// parameter rows [Map!]!: For each the `id` of the delivery, and the new values of its properties as `values`.
UNWIND $rows AS row
MATCH (delivery:WebhookDelivery {id: row.id})
SET delivery += row.values
