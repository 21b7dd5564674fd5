import { connect, type Socket } from "node:net";
import type { Clock } from "../clock/clock.ts";
import { type ConnectError, dialMessage } from "./dial_message.ts";

/** As Go's default transport. */
const dialMs = 30_000;

/**
 * Connects with `host:port`, within 30 seconds. Rejects with Go's words for what went wrong, or with the reason of
 * `signal` if that is aborted first. Either side of the connection may end before the other.
 */
export function dialTcp(
  { host, port }: { readonly host: string; readonly port: number },
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const settle = () => {
      timer.cancel();
      signal?.removeEventListener("abort", stop);
      socket.off("error", fail);
    };
    const giveUp = (reason: unknown) => {
      settle();
      socket.once("error", () => {});
      socket.destroy();
      reject(reason);
    };
    const fail = (error: ConnectError) => giveUp(new Error(dialMessage(error, host, port)));
    const stop = () => giveUp(signal!.reason);
    const late = Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
    const timer = clock.after(dialMs, () => fail(late));
    signal?.addEventListener("abort", stop, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
  });
}
