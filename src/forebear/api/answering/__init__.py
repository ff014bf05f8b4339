"""Answering: run a plan, check its tree and encode it. graphql-core executes what is irregular."""
