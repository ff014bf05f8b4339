// All webhooks, as their deliverer needs them.
MATCH (webhook:Webhook)
WITH webhook ORDER BY webhook.id
RETURN properties(webhook) AS webhook
