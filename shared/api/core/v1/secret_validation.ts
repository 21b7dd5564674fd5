export function secretWarnings(..._: unknown[]): readonly never[] {
  return [];
}
export function validateSecret(..._: unknown[]): readonly never[] {
  return [];
}
export function validateSecretUpdate(..._: unknown[]): readonly never[] {
  return [];
}
