"""The GraphQL service: types, execution, limits, HTTP."""
