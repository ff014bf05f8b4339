"""Answering: a plan is run, its tree checked and encoded; what is irregular is executed by graphql-core."""
