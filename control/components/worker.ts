/**
 * The second thread of the server: scheduler and controllers. It has no permissions of its own; all it can do is ask
 * the API through the port it is given.
 *
 * @module
 */
import { type ComponentsStart, runComponents } from "./components.ts";

const stop = new AbortController();

self.addEventListener("message", (event: MessageEvent) => {
  const message = event.data as { readonly start?: ComponentsStart; readonly stop?: true };
  if (message.stop) stop.abort();
  if (!message.start) return;
  runComponents(message.start, stop.signal).then(
    () => self.postMessage({ stopped: true }),
    (error: unknown) => {
      // The server's thread decides what to do about a component that cannot run.
      self.postMessage({ failed: String((error as Error).stack ?? error) });
    },
  );
});
