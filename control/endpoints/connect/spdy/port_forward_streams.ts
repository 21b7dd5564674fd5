import type { Duplex } from "node:stream";
import type { Clock, Timer } from "../../../../shared/clock/clock.ts";
import { join } from "../../../../shared/stream/write_all.ts";
import type { DialPort } from "../dial_port.ts";
import { SpdyConnection, type SpdyStream } from "./connection.ts";

/** How long the second stream of a connection may take to come. */
const pairMs = 30_000;

export interface PortStreamsOptions {
  readonly clock: Clock;
  readonly dial: DialPort;
}

interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
  readonly timer: Timer;
}

/**
 * Serves a client of `portforward.k8s.io` until it hangs up. Each of its connections is a pair of streams with the
 * same `requestid`: one carries the bytes, the other, if anything goes wrong, one sentence.
 */
export function servePortStreams(transport: Duplex, { clock, dial }: PortStreamsOptions): void {
  const pairs = new Map<string, Pair>();
  new SpdyConnection(transport, {
    clock,
    onStream(stream) {
      stream.on("error", () => stream.destroy());
      const type = stream.headers.get("streamtype");
      const id = stream.headers.get("requestid") ?? "";
      if ((type !== "error" && type !== "data") || id === "") return void stream.destroy();
      const pair = pairs.get(id) ?? { timer: clock.after(pairMs, () => giveUp(id)) };
      if (pair[type]) return void stream.destroy();
      pair[type] = stream;
      pairs.set(id, pair);
      if (!pair.error || !pair.data) return;
      pair.timer.cancel();
      pairs.delete(id);
      void connect(pair.error, pair.data, dial);
    },
    onClose() {
      for (const { timer } of pairs.values()) timer.cancel();
    },
  });
  const giveUp = (id: string) => {
    const pair = pairs.get(id);
    pairs.delete(id);
    pair?.error?.destroy();
    pair?.data?.destroy();
  };
}

async function connect(error: SpdyStream, data: SpdyStream, dial: DialPort): Promise<void> {
  // The client only reads it.
  error.resume();
  data.once("close", () => error.end());
  try {
    const port = Number(data.headers.get("port"));
    const target = await dial(port);
    if (data.destroyed) target.destroy();
    else join(data, target);
  } catch (failure) {
    error.write((failure as Error).message);
    data.destroy();
  }
}
