import type { Duplex } from "node:stream";

/** Where a connection of the server goes. */
export interface Destination {
  /** An address, or a name for what is outside the cluster. */
  readonly host: string;
  readonly port: number;
  /** The node whose pod has the address, if that is known. */
  readonly node?: string | undefined;
}

/** Makes the server's own connections: to webhooks, extension servers, whatever it proxies to. */
export interface Network {
  /**
   * Connects. Rejects with an Error in the words of Go's net package, or with the reason of `signal`, which counts until
   * the connection is there.
   */
  dial(to: Destination, signal?: AbortSignal): Promise<Duplex>;
}
