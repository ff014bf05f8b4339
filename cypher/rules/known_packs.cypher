// The evaluation packs with some ids that somebody has described, with what they measure.
//
// parameter ids: The ids.
COLLECT {
  UNWIND ids AS id
  MATCH (pack:EvaluationPack {id: id}) WHERE pack.describedAt IS NOT NULL
  RETURN pack{.id, .metrics, .slices} AS item
}
