import type { Duplex } from "node:stream";

/** Connects with a port of a pod. Rejects with the sentence that clients are shown. */
export type DialPort = (port: number) => Promise<Duplex>;
