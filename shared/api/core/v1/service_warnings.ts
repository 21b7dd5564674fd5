export function serviceWarnings(..._: unknown[]): readonly never[] {
  return [];
}
