export function validateLimitRange(..._: unknown[]): readonly never[] {
  return [];
}
