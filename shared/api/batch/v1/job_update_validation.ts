export function validateJobUpdate(..._: unknown[]): readonly never[] {
  return [];
}
