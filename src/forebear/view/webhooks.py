"""The documents about webhooks and their deliveries."""

from __future__ import annotations

from forebear.view.actors import REFUSED

WEBHOOK = "id url events kinds lines createdAt createdBy rotatedAt pending dead problem"
WEBHOOKS = f"{{ webhooks {{ {WEBHOOK} }} }}"
CREATE_WEBHOOK = f"""mutation($url: String!, $events: [String!], $kinds: [String!], $lines: [ID!]) {{
  createWebhook(url: $url, events: $events, kinds: $kinds, lines: $lines) {{
    ... on WebhookCreated {{ secret webhook {{ {WEBHOOK} }} }} {REFUSED}
  }}
}}"""
ROTATE_WEBHOOK_SECRET = f"""mutation($webhook: ID!) {{
  rotateWebhookSecret(webhook: $webhook) {{ ... on WebhookSecretRotated {{ secret webhook {{ {WEBHOOK} }} }} {REFUSED} }}
}}"""
DELETE_WEBHOOK = f"""mutation($webhook: ID!) {{
  deleteWebhook(webhook: $webhook) {{ ... on WebhookDeleted {{ webhook {{ {WEBHOOK} }} }} {REFUSED} }}
}}"""
WEBHOOK_DELIVERIES = """query($webhook: ID!, $state: DeliveryState, $first: Int!) {
  webhookDeliveries(webhook: $webhook, state: $state, first: $first) {
    message event subject number at state attempts lastAt dueAt problem
  }
}"""
REPLAY_DELIVERIES = f"""mutation($webhook: ID!, $message: ID) {{
  replayDeliveries(webhook: $webhook, message: $message) {{ ... on DeliveriesReplayed {{ deliveries }} {REFUSED} }}
}}"""
EVENTS = """subscription($filter: RegistryEventFilter, $after: ID) {
  events(filter: $filter, after: $after) { id event subject number at by after }
}"""
