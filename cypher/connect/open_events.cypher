// The events that are not recorded whole, those that came first at first.
//
// parameter connector String!: The connector that they came by, or an empty text for all.
// parameter after String!: The cursor of the event behind which to go on, or an empty text.
// parameter most Int!: How many to return at most.
MATCH (event:InboxEvent) WHERE event.open IN ['PENDING', 'PARTLY', 'REJECTED'] AND (event.connector = $connector OR $connector = '')
WITH event, event.receivedAt + ' ' + event.id AS cursor
WITH event, cursor WHERE cursor > $after
WITH event, cursor ORDER BY cursor LIMIT $most
RETURN properties(event) AS event, cursor
