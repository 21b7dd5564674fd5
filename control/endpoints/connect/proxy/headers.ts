/** Headers that concern one connection only (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What a proxied server may see of a request's headers: never the credentials that are meant for us. */
export function forwardedHeaders(headers: Headers): Record<string, string> {
  const named = new Set(
    (headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase()),
  );
  const forwarded: Record<string, string> = {};
  for (const [name, value] of headers) {
    const isOurs = name === "authorization" || name.startsWith("impersonate-") || name === "host";
    if (!isOurs && !hopByHop.has(name) && !named.has(name)) forwarded[name] = value;
  }
  return forwarded;
}

/** Headers of a proxied answer for the client. */
export function answerHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Headers {
  const answer = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":") || hopByHop.has(name)) continue;
    for (const one of typeof value === "string" ? [value] : value) answer.append(name, one);
  }
  return answer;
}
