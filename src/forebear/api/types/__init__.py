"""The GraphQL types, made from the declaration and the questions. Nobody writes a field of the graph twice."""
