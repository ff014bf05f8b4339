// Serves the graph at FOREBEAR_GRAPH_URI by @neo4j/graphql and prints the loopback port that it took.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Neo4jGraphQL } from "@neo4j/graphql";
import { createYoga } from "graphql-yoga";
import neo4j from "neo4j-driver";

const { FOREBEAR_GRAPH_URI, FOREBEAR_GRAPH_USER, FOREBEAR_GRAPH_PASSWORD } = process.env;
const auth = FOREBEAR_GRAPH_PASSWORD
  ? neo4j.auth.basic(FOREBEAR_GRAPH_USER ?? "neo4j", FOREBEAR_GRAPH_PASSWORD)
  : undefined;
const driver = neo4j.driver(FOREBEAR_GRAPH_URI, auth);
const typeDefs = readFileSync(new URL("types.graphql", import.meta.url), "utf8");
// Moments are texts here, which it compares only when told to.
const features = { filters: { String: { GT: true, LTE: true } } };
const schema = await new Neo4jGraphQL({ typeDefs, driver, features }).getSchema();
const yoga = createYoga({
  schema,
  context: { sessionConfig: { database: "neo4j" } },
  graphiql: false,
  landingPage: false,
  logging: false,
  maskedErrors: false,
});
const server = createServer(yoga).listen(0, "127.0.0.1", () => console.log(server.address().port));
