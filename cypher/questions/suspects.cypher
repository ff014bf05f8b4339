// Says which differences may explain incidents: it compares incidents and robot-hours with and without everything that what ran was made from, and every value on record. The page "Attribution" says how, and what it cannot tell.
//
// parameter about SuspectsAbout!: The incidents that are to be explained.
// decided
// answers Suspects: What exposure says of everything that may explain incidents.
// column standing SuspectStanding(NAMED, OVERDISPERSED, APPARENT, CONFOUNDED, NOT_NAMED, UNKNOWN)!: That of the likeliest group. UNKNOWN if there is none.
// column needed String: What it takes to say anything. Null if there are groups, which say it themselves.
// column suspects [SuspectGroup!]!: The groups of suspects, the likeliest first.
// column incidents Int!: The incidents that the question is about, and that have a robot each.
// column episodes Int!: The episodes that count in tests. Incidents of one robot and category, each within an hour of the one before, are one episode. The one that raised the question is left out.
// column hours Float!: The robot-hours that they are compared by.
// column unsureHours Float!: Of these, the hours that count until now because nobody has said when the robot was last seen.
// column apart [Incident!]!: The incidents that count for no robot: nothing on record ran there then, or not all robots of the place ran the same.
// column unseenRobots Int!: The number of robots without a single report. Their hours are unknown, and count nowhere.
// column unseen [Robot!]!: The first 100 of them.
// column tests Int!: The number of groups that could have been named at all. The p of each is adjusted for it.
// column dispersion Float!: How much incidents gather on robots, if the first group raises the rate as estimated: 1 if by chance alone, and more if they gather.
// column overdispersed Boolean!: Whether chance does not explain it.
// column caveats [String!]!: What the answer does not take into account.
// one of SuspectsAbout: The incidents that are to be explained.
//   incident ID(Incident): An incident. It stands for all incidents of its category (without one, for those without one), wherever they were. It raised the question, so no test counts it.
//   selection IncidentSelection: A selection of incidents.
// input IncidentSelection: A selection of incidents, and of the exposure that they are compared by. What is left out selects nothing.
//   category String: The category.
//   severity Severity: The severity.
//   place ID(Robot, Fleet, Site): The robot, fleet or site. Only its exposure counts.
//   from DateTime: The beginning of the interval. By default everything on record.
//   to DateTime: The end of the interval (exclusive). By default now.
// type SuspectGroup: Suspects whose hours differ by less than one expected incident: nothing tells them apart.
//   rank Int!: Its place by `logLikelihoodRatio`, from 1.
//   standing SuspectStanding(NAMED, OVERDISPERSED, APPARENT, CONFOUNDED, NOT_NAMED, UNKNOWN)!: NAMED: it raises the rate, with site, hardware target and month held constant (adjusted p at most 0.05). OVERDISPERSED: it would be named, but incidents gather on few robots. APPARENT: a site, hardware target or month with a higher rate, whatever the cause. CONFOUNDED: it always came with what `confoundedWith` lists. NOT_NAMED: it was tested, and is not named. UNKNOWN: there is too little to say anything, and `needed` says what it takes.
//   names [SuspectName!]!: The suspects in it.
//   incidentsWith Int!: The episodes with it.
//   hoursWith Float!: The robot-hours with it.
//   incidentsWithout Int!: The episodes without it.
//   hoursWithout Float!: The robot-hours without it.
//   comparableIncidentsWith Int!: The episodes with it in strata that hold hours with it and without it.
//   comparableHoursWith Float!: The robot-hours with it in these strata.
//   comparableIncidentsWithout Int!: The episodes without it in these strata.
//   comparableHoursWithout Float!: The robot-hours without it in these strata.
//   strata Int!: The number of these strata: a site, hardware target and calendar month each.
//   crude [String!]!: The dimensions that are not held constant in them, because it always came with one value.
//   p Float: The probability of as many incidents with it, if it changes nothing. Null if there was no test.
//   adjustedP Float: The same, adjusted for the number of tests.
//   rateRatio Float: The rate with it, by the rate without it. Null without an incident on either side.
//   low Float: The lower bound of its 95 % interval.
//   high Float: The upper bound. Null if there is none.
//   interval IntervalMethod(GREENLAND_ROBINS, EXACT): How the interval was made.
//   logLikelihoodRatio Float!: How much likelier, as a logarithm, the incidents are if it raises the rate than if it does not.
//   confoundedWith [SuspectName!]!: What it always came with.
//   needed String: What it would take to say more.
//   path [ID!]!: The shortest path from an artifact that ran to the first suspect that is upstream.
//   robots Int!: The number of robots that had it.
//   robotsWithIncidents [ID!]!: The robots that had an incident with it, the first 20.
//   unsureHours Float!: Of its robot-hours, those that count until now because nobody has said when the robot was last seen.
//   namedSince DateTime: When somebody first recorded an attribution that suspects it.
//   sinceNamed SuspectContrast: What was observed since then.
// type SuspectName: A suspect.
//   dimension String!: What it is: a kind of node, such as DatasetVersion, or a value, such as robotSoftware or site.
//   value String!: The id of the node, or the value.
// type SuspectContrast: Comparable exposure since a suspect was first named.
//   incidentsWith Int!: The episodes with it.
//   hoursWith Float!: The robot-hours with it.
//   incidentsWithout Int!: The episodes without it.
//   hoursWithout Float!: The robot-hours without it.
//   p Float!: The probability of as many incidents with it, if it changes nothing. It is one test, and not adjusted.
//   rateRatio Float: The rate with it, by the rate without it.
//   low Float: The lower bound of its 95 % interval.
//   high Float: The upper bound. Null if there is none.
//   interval IntervalMethod(GREENLAND_ROBINS, EXACT): How the interval was made.
UNWIND $decided AS each
WITH each
RETURN each.standing AS standing,
  each.needed AS needed,
  each.suspects AS suspects,
  each.incidents AS incidents,
  each.episodes AS episodes,
  each.hours AS hours,
  each.unsureHours AS unsureHours,
  COLLECT { UNWIND each.apart AS id MATCH (incident:Incident {id: id}) WHERE true RETURN incident } AS apart,
  each.unseenRobots AS unseenRobots,
  COLLECT { UNWIND each.unseen AS id MATCH (robot:Robot {id: id}) WHERE true RETURN robot } AS unseen,
  each.tests AS tests,
  each.dispersion AS dispersion,
  each.overdispersed AS overdispersed,
  each.caveats AS caveats
