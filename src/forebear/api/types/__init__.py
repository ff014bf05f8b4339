"""The GraphQL types, made from the declaration and the questions: nobody writes a field of the graph twice."""
