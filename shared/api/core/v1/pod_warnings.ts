export function podTemplateWarnings(..._: unknown[]): readonly never[] {
  return [];
}
export function podWarnings(..._: unknown[]): readonly never[] {
  return [];
}
