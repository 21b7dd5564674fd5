/** The 429 of a server that has enough to do, as the reference writes it: plain text. */
export function tooManyRequests(retryAfterSeconds: number): Response {
  return new Response("Too many requests, please try again later.\n", {
    status: 429,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache, private",
      "retry-after": String(retryAfterSeconds),
    },
  });
}
