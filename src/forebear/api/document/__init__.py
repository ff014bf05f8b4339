"""Documents: parsed, held against the limits, validated, remembered."""
