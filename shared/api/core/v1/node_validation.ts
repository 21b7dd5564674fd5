export function validateNode(..._: unknown[]): readonly never[] {
  return [];
}
export function validateNodeUpdate(..._: unknown[]): readonly never[] {
  return [];
}
