"""The audit trail: appending to it, covering it by heads, reading it and verifying it."""
