export function validatePodDisruptionBudget(..._: unknown[]): readonly never[] {
  return [];
}
export function validatePodDisruptionBudgetStatus(..._: unknown[]): readonly never[] {
  return [];
}
