/** Newest first, by the API's order of versions: GA before beta before alpha, then by number. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [rank(a), rank(b)];
  if (!x || !y) return x ? -1 : y ? 1 : a < b ? -1 : 1;
  return y[0] - x[0] || y[1] - x[1] || y[2] - x[2];
}

function rank(version: string): [stage: number, major: number, minor: number] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return undefined;
  const stage = match[2] === "alpha" ? 0 : match[2] === "beta" ? 1 : 2;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}
