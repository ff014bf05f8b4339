// The later of two moments; the first if there is no second.
//
// parameter first: A moment.
// parameter second: Another, or null.
CASE WHEN second > first THEN second ELSE first END
