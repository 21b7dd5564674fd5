/**
 * The second thread of the server: scheduler and controllers. It has no permissions of its own; all it can do is ask
 * the API through the port it is given.
 *
 * @module
 */
import { systemClock } from "../../shared/clock/clock.ts";
import { systemRandom } from "../../shared/clock/random.ts";
import { portClient } from "../../shared/client/message_port_transport.ts";
import { jsonLog, type Level } from "../../shared/log/log.ts";
import { type ComponentsOptions, runComponents } from "./components.ts";

/** What the server's thread tells this one to do, once. */
export interface ComponentsStart
  extends Omit<ComponentsOptions, "api" | "clock" | "random" | "log"> {
  /** Where the API is reached (see `serveTransport`). */
  readonly port: MessagePort;
  readonly logLevel: Level;
}

/** What is used of a worker's global scope. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  postMessage(message: unknown): void;
}
const thread = self as unknown as WorkerScope;
const stop = new AbortController();

thread.addEventListener("message", (event) => {
  const message = event.data as { readonly start?: ComponentsStart; readonly stop?: true };
  if (message.stop) stop.abort();
  if (!message.start) return;
  run(message.start).then(
    () => thread.postMessage({ stopped: true }),
    (error: unknown) => {
      // The server's thread decides what to do about a component that cannot run.
      thread.postMessage({ failed: String((error as Error).stack ?? error) });
    },
  );
});

function run({ port, logLevel, ...start }: ComponentsStart): Promise<void> {
  const clock = systemClock;
  const log = jsonLog({ level: logLevel, write: console.log, now: () => clock.now() });
  const options = { ...start, api: portClient(port), clock, random: systemRandom, log };
  return runComponents(options, stop.signal);
}
