// The customers whom fleets work for at a moment, in the order of their ids.
//
// parameter fleets: The fleets.
// parameter moment: The moment.
COLLECT {
  UNWIND fleets AS fleet
  MATCH (fleet)-[whose:FOR]->(customer:Customer) WHERE holds(whose, moment)
  WITH DISTINCT customer ORDER BY customer.id
  RETURN customer
}
