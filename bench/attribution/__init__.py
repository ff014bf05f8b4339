"""Whether suspects are named rightly, on generated worlds of which the cause is known."""
