export function validateEndpoints(..._: unknown[]): readonly never[] {
  return [];
}
