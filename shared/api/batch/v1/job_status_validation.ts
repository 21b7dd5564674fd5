export function validateJobStatusUpdate(..._: unknown[]): readonly never[] {
  return [];
}
