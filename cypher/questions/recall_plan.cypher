// Says what a recall comes to: everything that it affects, what each deployment and robot goes back to, and whom to tell. It writes nothing.
//
// What was made from the subject is affected by lineage, and what is only allowed because of it by authority. Deployments that are not over and installations that last
// stand for their robots, cohorts, fleets, sites and customers. Forebear follows at most 50 edges.
//
// parameter of RecallSubject!: What is recalled.
// parameter kinds [Kind!]: The kinds of affected nodes to list. By default all. The counts are of all.
// parameter first Int(0..10000)! = 100: The number of affected nodes to list.
// parameter after String: The `endCursor` of the page before, to list the next. Name its `knownAt` as `asKnownAt`, so that both pages are of one plan.
// time known
// decided
// answers RecallPlan: The plan of a recall, as of a moment.
// column subject String!: What is recalled, as one text. With `knownAt` it names the plan: it can be computed again.
// column knownAt DateTime!: The moment of the plan, in the world and of knowledge.
// column digest String!: The digest of the affected releases, artifacts and deployments: of the kind, the id and the way of each. `recall` takes it.
// column totalCount Int!: The number of affected nodes of the kinds to list.
// column counts [RecallCount!]!: The number of affected nodes by kind.
// column affected [RecallAffected!]!: The affected nodes of this page, in the order of kinds and ids.
// column endCursor String: The cursor of the page's last node. Null if nothing is affected.
// column hasNextPage Boolean!: Whether more nodes follow on the next page.
// column steps [RecallStepCount!]!: What there is to do, by step.
// column customers [RecallCustomer!]!: Whom to tell, at most 1,000. What belongs to no customer comes last.
// column totalCustomers Int!: The number of all that there are to tell.
// column truncated Boolean!: Whether more may be affected, more than 50 edges away.
// one of RecallSubject: What is recalled.
//   node ID: A node, such as a dataset version, curation rules, code, an environment, a base model, a checkpoint, an artifact, a policy or an evaluation pack.
//   toolchain String: A toolchain: what it built.
//   dataOf ID(Customer): A customer: the data that was collected in its fleets while they were its.
//   setting RecallSetting: A setting: the runs whose configuration has it.
// input RecallSetting: A setting of runs.
//   name String!: Its name. Names within names are separated by dots, such as optimizer.lr.
//   value JSON!: Its value.
// type RecallCount: How many nodes of a kind are affected.
//   kind Kind!: The kind.
//   lineage Int!: The number by lineage.
//   authority Int!: The number by authority.
// type RecallStepCount: What there is to do, and how often.
//   step RecallStep(GO_BACK, STOP, NEITHER)!: The step.
//   deployments Int!: The number of deployments.
//   robots Int!: The number of robots.
// type RecallAffected: A node that the recall affects.
//   node Node!: The node.
//   kind Kind!: Its kind.
//   via EdgeClass!: LINEAGE or AUTHORITY. LINEAGE where both reach it.
//   path [ID!]!: The ids from the node back to the subject, by the shortest path and, of several, the first by its ids.
//   customers [ID!]!: Of a deployment, an installation, a robot, a cohort or a fleet: the customers of its affected fleets.
//   target RecallTarget: Of a deployment or a robot: what to do about it. Null for all others.
// type RecallTarget: What to do about a deployment or a robot.
//   step RecallStep(GO_BACK, STOP, NEITHER)!: GO_BACK: run `artifact` instead. STOP: there is nothing to go back to, so stop. NEITHER: it can do neither, and `reasons` say why.
//   place ID: The fleet, cohort or robot that goes back or stops. Null if nobody knows it.
//   artifact ID: What to go back to.
//   version ID: The version of the artifact.
//   basis Basis: What lets it run there.
//   deployment ID: Of a robot: the deployment whose step it takes, or the one that says what it is to run.
//   remarks [String!]!: Remarks for the artifact and against it.
//   reasons [RecallReason!]!: Why there is nothing better.
// type RecallReason: Why there is nothing better.
//   code String!: The code. It stays the same between versions.
//   message String!: What stands in the way.
//   remedy String!: What to do about it.
// type RecallCustomer: A customer to tell, with what is affected of theirs.
//   customer Customer: The customer. Its `owners` say whom to call. Null for what belongs to no customer.
//   sites [Site!]!: The sites of the fleets.
//   fleets [Fleet!]!: The fleets, at most 100.
//   totalFleets Int!: The number of fleets.
//   deployments Int!: The number of deployments.
//   robots Int!: The number of robots.
UNWIND $decided AS each
WITH each
RETURN each.subject AS subject,
  each.knownAt AS knownAt,
  each.digest AS digest,
  each.totalCount AS totalCount,
  each.counts AS counts,
  COLLECT {
    UNWIND each.affected AS row
    CALL (row) {
      WITH * WHERE row.kind = 'ModelVersion'
      MATCH (node:ModelVersion {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Release'
      MATCH (node:Release {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Artifact'
      MATCH (node:Artifact {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Deployment'
      MATCH (node:Deployment {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Installation'
      MATCH (node:Installation {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Robot'
      MATCH (node:Robot {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Cohort'
      MATCH (node:Cohort {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Fleet'
      MATCH (node:Fleet {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Site'
      MATCH (node:Site {id: row.id}) WHERE true
      RETURN node
      UNION
      WITH * WHERE row.kind = 'Customer'
      MATCH (node:Customer {id: row.id}) WHERE true
      RETURN node
    }
    RETURN {node: node, kind: row.kind, via: row.via, path: row.path, customers: row.customers, target: row.target} AS item
  } AS affected,
  each.endCursor AS endCursor,
  each.hasNextPage AS hasNextPage,
  each.steps AS steps,
  COLLECT {
    UNWIND each.customers AS row
    RETURN {
      customer: customer_with(row.customer),
      sites: COLLECT { UNWIND row.sites AS id MATCH (site:Site {id: id}) WHERE true RETURN site },
      fleets: COLLECT { UNWIND row.fleets AS id MATCH (fleet:Fleet {id: id}) WHERE true RETURN fleet },
      totalFleets: row.totalFleets,
      deployments: row.deployments,
      robots: row.robots
    } AS item
  } AS customers,
  each.totalCustomers AS totalCustomers,
  each.truncated AS truncated
