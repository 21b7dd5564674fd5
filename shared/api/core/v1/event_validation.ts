export function validateEvent(..._: unknown[]): readonly never[] {
  return [];
}
export function validateEventUpdate(..._: unknown[]): readonly never[] {
  return [];
}
