import type { TLSSocket } from "node:tls";

interface Reading {
  readStart(): unknown;
  readStop(): unknown;
}

/**
 * Makes a TLS socket whose reader has stopped leave bytes in the kernel, so that the sender has to wait. As the
 * platform is (Deno 2.9), it goes on reading and keeps all of it in memory, without a limit: stopping reaches the
 * layer that decrypts and not the connection below it. Call it once, as soon as the handshake is over. Does nothing
 * where the platform's insides look different.
 */
export function boundTlsReads(socket: TLSSocket): void {
  const upper =
    (socket as unknown as { _handle?: Partial<Reading> & { _parent?: unknown } })._handle;
  const lower = upper?._parent as Partial<Reading> | undefined;
  if (!isReading(upper) || !isReading(lower)) return;
  const start = upper.readStart.bind(upper);
  const stop = upper.readStop.bind(upper);
  upper.readStop = () => {
    lower.readStop();
    return stop();
  };
  upper.readStart = () => {
    lower.readStart();
    return start();
  };
}

function isReading(handle: Partial<Reading> | undefined): handle is Reading {
  return typeof handle?.readStart === "function" && typeof handle.readStop === "function";
}
