export function validateJob(..._: unknown[]): readonly never[] {
  return [];
}
