// Keeps until when webhooks have got their deliveries of all messages.
//
// parameter ids [String!]!: The webhooks.
// parameter to String!: The moment.
UNWIND $ids AS id
MATCH (webhook:Webhook {id: id}) WHERE webhook.spreadTo < $to
SET webhook.spreadTo = $to
