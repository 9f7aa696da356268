/** How SDS fills the gaps between events, by name, in the order of the numbers that its API uses. */

/** 0 to 5. */
export const INTERPOLATION_MODES = [
  'Continuous',
  'StepwiseContinuousLeading',
  'StepwiseContinuousTrailing',
  'Discrete',
  'ContinuousNullableLeading',
  'ContinuousNullableTrailing',
] as const

/** 0 to 3. */
export const EXTRAPOLATION_MODES = ['All', 'None', 'Forward', 'Backward'] as const
