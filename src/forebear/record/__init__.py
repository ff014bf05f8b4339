"""Recording what happened: facts, validated and written in one transaction."""
