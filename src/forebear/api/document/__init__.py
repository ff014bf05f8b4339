"""Documents: parsed, checked against the limits, validated, remembered."""
