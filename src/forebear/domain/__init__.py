"""What is allowed: pure decisions, facts in and verdicts with reasons out."""
