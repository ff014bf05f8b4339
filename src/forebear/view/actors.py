"""The documents about the actor who asks, and about API tokens."""

from __future__ import annotations

MAY = "{ me { may } }"
ROLES = "{ me { name roles } }"

TOKEN = "id name roles lines machine connector createdAt createdBy expiresAt revokedAt revokedBy lastUsedAt"
REFUSED = "... on Refused { reasons { code message remedy } }"
CREATE_TOKEN = f"""mutation(
  $name: String!, $roles: [Role!]!, $lines: [ID!], $machine: Boolean!, $connector: String, $expiresAt: DateTime
) {{
  createToken(
    name: $name, roles: $roles, lines: $lines, machine: $machine, connector: $connector, expiresAt: $expiresAt
  ) {{
    ... on TokenCreated {{ secret token {{ {TOKEN} }} }} {REFUSED}
  }}
}}"""
TOKENS = f"{{ tokens {{ {TOKEN} }} }}"
REVOKE_TOKEN = f"""mutation($token: String!) {{
  revokeToken(token: $token) {{ ... on TokensRevoked {{ tokens {{ {TOKEN} }} }} {REFUSED} }}
}}"""
