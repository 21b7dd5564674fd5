export function validateService(..._: unknown[]): readonly never[] {
  return [];
}
