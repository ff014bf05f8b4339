// The customer with an id, or null.
//
// parameter sought: The id, or null.
COLLECT { WITH * WHERE sought IS NOT NULL MATCH (customer:Customer {id: sought}) WHERE true RETURN customer }[0]
