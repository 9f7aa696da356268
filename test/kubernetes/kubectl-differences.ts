/** Where kubectl sees something else at Headgate than at the real API server, and why. Tests name what they leave out. */
export const DIFFERENCES = {
  status:
    'The API server has no controller beside it here, so that a status is empty there; at Headgate it says how the resource is.',
  invalid:
    'What is wrong with a value is said in our own words, the same at every door; the field, the reason and the exit status are alike.',
  metadataDescriptions:
    'The fields of metadata are described in our own words; names and types are those that we have.',
  namespaces: 'A namespace needs no object of its own: there is no 404 for one that holds nothing.',
  patchOfUnknownField:
    'The refusal of a patch with an unknown field says which one, and does not repeat the whole object, which may hold secrets.',
  patchThatFails: 'The refusal of a JSON patch says which step failed.',
  statusWrites: 'status is read, not written: the server alone says how a resource is.',
} as const
