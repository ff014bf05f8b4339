// A moment lies in an interval, which includes its beginning and not its end.
//
// parameter moment: The moment.
// parameter since: When the interval begins.
// parameter until: When it ends; null where it does not.
since <= moment AND coalesce(until > moment, true)
