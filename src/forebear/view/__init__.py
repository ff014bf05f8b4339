"""The GraphQL documents that ask, for the command line and for whoever else shows the registry. Pure."""
