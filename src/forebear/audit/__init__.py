"""The audit trail: how it is appended to and covered by heads, how it is read, and what verifies it."""
