// Says how far a recall came: what there is to do about each deployment, robot and approved release that it names by lineage, and what
// became of it, as far as reports say.
//
// Nobody writes the state of an item down. It follows from the deployments, stops, reports and permissions on record. A recall that only
// gathers votes has no items yet, and one that is over has those that it had at its end.
//
// parameter recall ID(Recall)!: The recall.
// parameter states [RecallItemState(PLANNED, REQUESTED, CONFIRMED, UNREACHABLE, IMPOSSIBLE, EXCUSED)!]: The states of items to list. By default all. The counts are of all.
// parameter first Int(0..10000)! = 100: The number of items to list.
// parameter after String: The `endCursor` of the page before, to list the next.
// parameter at DateTime: The moment in the world that you ask about. By default it is now, or the end of the recall.
// time known
// decided
// answers RecallItems: How far a recall came.
// column recall Recall!: The recall.
// column at DateTime!: The moment in the world of the answer.
// column totalCount Int!: The number of items in the states to list.
// column counts [RecallItemCount!]!: The number of items by state.
// column items [RecallItem!]!: The items of this page: deployments, then robots, then releases, each in the order of ids.
// column endCursor String: The cursor of the page's last item. Null if there is none.
// column hasNextPage Boolean!: Whether more items follow on the next page.
// column customers [RecallItemCustomer!]!: The customers that it concerns, at most 1,000. What belongs to no customer comes last.
// column totalCustomers Int!: The number of all customers that it concerns.
// column truncated Boolean!: Whether it may concern more, more than 50 edges away.
// type RecallItemCount: How many items are in a state.
//   state RecallItemState!: The state.
//   deployments Int!: The number of deployments.
//   robots Int!: The number of robots.
//   releases Int!: The number of releases.
// type RecallItem: A deployment, a robot or an approved release of what is recalled.
//   node Node!: The deployment, the robot or the release.
//   kind Kind!: Its kind.
//   state RecallItemState!: PLANNED: nobody asked for it yet. REQUESTED: somebody asked for it, and reports do not confirm it, or the recalled build was seen again. CONFIRMED: reports say that it came about. UNREACHABLE: it is requested, and the robot is silent for longer than its fleet allows. IMPOSSIBLE: nothing can be requested. EXCUSED: somebody excused it.
//   customers [ID!]!: The customers of its fleets. A release has none.
//   step RecallItemStep(GO_BACK, STOP, WITHDRAW): What to request, while it is PLANNED: run `artifact` instead, stop, or withdraw the approval.
//   place ID: Where to go back or stop.
//   artifact ID: What to go back to.
//   version ID: The version of the artifact.
//   deployment ID: Of a robot: the deployment whose item requests it.
//   request ID: The stop or the deployment that asks for it, or that is meant to run there instead.
//   lastSeenAt DateTime: When the newest report of the robot came. Null if none came, if it runs nothing, and with `asKnownAt`.
//   excuse String: Why somebody excused it.
//   excusedBy String: Who excused it.
//   excusedAt DateTime: When somebody excused it.
//   reasons [RecallItemReason!]!: Why it is IMPOSSIBLE or, while it is PLANNED, why there is nothing better than to stop.
// type RecallItemReason: Why there is nothing better.
//   code String!: The code. It stays the same between versions.
//   message String!: What stands in the way.
//   remedy String!: What to do about it.
// type RecallItemCustomer: A customer, with the items of their fleets.
//   customer Customer: The customer. Its `owners` say whom to call. Null for what belongs to no customer.
//   counts [RecallItemCount!]!: The number of items by state.
//   fleets [Fleet!]!: The fleets where something is left to do, at most 100.
UNWIND $decided AS each
MATCH (recall:Recall {id: each.recall}) WHERE true
WITH each, recall
RETURN recall,
  each.at AS at,
  each.totalCount AS totalCount,
  each.counts AS counts,
  COLLECT {
    UNWIND each.items AS row
    CALL (row) {
      WITH * WHERE row.kind = 'Release'
      MATCH (node:Release {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Deployment'
      MATCH (node:Deployment {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Robot'
      MATCH (node:Robot {id: row.id}) WHERE true
      RETURN node
    }
    RETURN {
      node: node, kind: row.kind, state: row.state, customers: row.customers, step: row.step, place: row.place,
      artifact: row.artifact, version: row.version, deployment: row.deployment, request: row.request,
      lastSeenAt: row.lastSeenAt, excuse: row.excuse, excusedBy: row.excusedBy, excusedAt: row.excusedAt, reasons: row.reasons
    } AS item
  } AS items,
  each.endCursor AS endCursor,
  each.hasNextPage AS hasNextPage,
  COLLECT {
    UNWIND each.customers AS row
    RETURN {
      customer: customer_with(row.customer),
      counts: row.counts,
      fleets: COLLECT { UNWIND row.fleets AS id MATCH (fleet:Fleet {id: id}) WHERE true RETURN fleet }
    } AS item
  } AS customers,
  each.totalCustomers AS totalCustomers,
  each.truncated AS truncated
