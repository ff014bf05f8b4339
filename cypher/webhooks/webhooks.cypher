// All webhooks, the newest first, with how many deliveries of each are pending, and how many are dead.
MATCH (webhook:Webhook)
WITH webhook ORDER BY webhook.createdAt DESC, webhook.id
RETURN properties(webhook) AS webhook,
  COUNT { MATCH (delivery:WebhookDelivery {held: webhook.id + ' PENDING'}) } AS pending,
  COUNT { MATCH (delivery:WebhookDelivery {held: webhook.id + ' DEAD'}) } AS dead
