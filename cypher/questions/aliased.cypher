// Says at which version of a model an alias points.
//
// parameter model ID(Model)!: The model.
// parameter alias String!: The alias, such as champion.
// time at
// answers Aliased: The version that an alias points at, and since when.
// column version ModelVersion!: The version.
// column since DateTime!: Since when the alias points at it.
// column until DateTime: Until when it pointed at it. Null while it does.
// field Model.version(model: id): Says at which version an alias points.
MATCH (model:Model {id: $model})<-[aliased:ALIASED]-(version:ModelVersion) WHERE aliased.alias = $alias AND holds(aliased, $at)
WITH version, aliased ORDER BY aliased.validFrom, version.id LIMIT 1
RETURN version,
  aliased.validFrom AS since,
  aliased.validTo AS until
