"""What is allowed. Decisions are pure: they take facts and return rulings with reasons."""
