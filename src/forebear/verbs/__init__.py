"""The verbs of governance: one class a verb. These modules know neither the store nor the API."""
