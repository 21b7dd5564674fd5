/** One thing that must be right for the server to be healthy. */
export interface HealthCheck {
  readonly name: string;
  /** Which of the endpoints ask it; `livez` ones say "restart me", `readyz` ones "send me no traffic". */
  readonly endpoints: readonly ("healthz" | "livez" | "readyz")[];
  /** Undefined if all is well, else why not (for the log; never shown to clients). */
  check(): string | undefined;
}

const pathPattern = /^\/(healthz|livez|readyz)(?:\/(.+))?$/;
const headers = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-cache, private",
};

/** Answers `/healthz`, `/livez` and `/readyz`, whole or one check; undefined for other paths. */
export function healthResponse(
  path: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
): Response | undefined {
  const match = pathPattern.exec(path.replace(/\/$/, ""));
  if (!match) return undefined;
  const endpoint = match[1] as "healthz" | "livez" | "readyz";
  const mine = checks.filter((check) => check.endpoints.includes(endpoint));
  if (match[2] !== undefined) {
    const one = mine.find((check) => check.name === match[2]);
    if (!one) return undefined;
    return report(endpoint, [one], { verbose: false, excluded: new Set(), single: true });
  }
  const excluded = new Set(query.getAll("exclude"));
  return report(endpoint, mine, { verbose: query.has("verbose"), excluded, single: false });
}

function report(
  endpoint: string,
  checks: readonly HealthCheck[],
  { verbose, excluded, single }: {
    readonly verbose: boolean;
    readonly excluded: ReadonlySet<string>;
    readonly single: boolean;
  },
): Response {
  let failed = 0;
  const lines = checks.map(({ name, check }) => {
    if (excluded.has(name)) return `[+]${name} excluded: ok`;
    if (check() === undefined) return `[+]${name} ok`;
    failed++;
    return `[-]${name} failed: reason withheld`;
  });
  const unknown = [...excluded].filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => `"${name}"`).join(",");
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const nosniff = single ? {} : { "x-content-type-options": "nosniff" };
  if (failed > 0) {
    const body = `${lines.join("\n")}\n${endpoint} check failed\n`;
    return new Response(body, { status: 500, headers: { ...headers, ...nosniff } });
  }
  const body = verbose ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok";
  return new Response(body, { headers: { ...headers, ...nosniff } });
}
