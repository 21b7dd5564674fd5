/**
 * Asks a URL again and again over new connections, several at a time, until standard input ends; then prints one line of
 * JSON: how many requests were answered with 200, how many failed, and why. Run inside a node's network namespace.
 *
 * @module
 */
import { get } from "node:http";

const [url = ""] = Deno.args;
const counts = { answered: 0, failed: 0, reasons: {} as Record<string, number> };
let going = true;

console.log("loading");
const workers = Array.from({ length: 4 }, work);
await Array.fromAsync(Deno.stdin.readable);
going = false;
await Promise.all(workers);
console.log(JSON.stringify(counts));
Deno.exit(0);

async function work(): Promise<void> {
  while (going) {
    const failure = await request();
    if (failure === undefined) {
      counts.answered++;
      // Enough to notice; not so much that the machine has nothing left for the rollout.
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    counts.failed++;
    counts.reasons[failure] = (counts.reasons[failure] ?? 0) + 1;
  }
}

/** Resolves to why it failed, or undefined. */
function request(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = get(url, { agent: false, timeout: 5_000 }, (response) => {
      response.on("error", (error) => resolve(String(error)));
      response.on(
        "end",
        () => resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
      );
      response.resume();
    });
    sent.on("timeout", () => sent.destroy(new Error("timeout")));
    sent.on("error", (error) => resolve(String(error)));
  });
}
