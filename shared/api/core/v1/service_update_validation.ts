export function validateServiceStatus(..._: unknown[]): readonly never[] {
  return [];
}
export function validateServiceUpdate(..._: unknown[]): readonly never[] {
  return [];
}
