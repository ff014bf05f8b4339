// The oldest messages of the outbox that somebody still needs: of deliveries that are pending or dead, and of webhooks.
RETURN
  COLLECT { MATCH (delivery:WebhookDelivery) WHERE delivery.held IS NOT NULL RETURN min(delivery.entry) }[0] AS held,
  COLLECT { MATCH (webhook:Webhook) RETURN min(webhook.spreadTo) }[0] AS spread
