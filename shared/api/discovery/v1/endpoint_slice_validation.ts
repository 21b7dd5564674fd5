export function validateEndpointSlice(..._: unknown[]): readonly never[] {
  return [];
}
export function validateEndpointSliceUpdate(..._: unknown[]): readonly never[] {
  return [];
}
