import { Buffer } from "node:buffer";
// @ts-types="npm:@types/ws@8.18.1"
import { type RawData, WebSocket } from "ws";
import type { NodeLab } from "./node_lab.ts";

/** A client of the `channel.k8s.io` WebSocket protocols, as programs that are not kubectl use them. */
export class ChannelClient {
  /** Output by channel. */
  readonly output = new Map<number, string>();
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: RawData) => this.#onMessage(data as Buffer));
    socket.once("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Rejects with the answer's status and text if the server refuses the handshake. */
  static connect(lab: NodeLab, path: string, protocols: readonly string[]): Promise<ChannelClient> {
    const { certificate, key } = lab.admin;
    const url = `${lab.url.replace("https", "wss")}${path}`;
    const socket = new WebSocket(url, [...protocols], { cert: certificate, key, ca: lab.caPem });
    const client = new ChannelClient(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(client));
      socket.once("error", reject);
      socket.once("unexpected-response", (_request, response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          socket.on("error", () => {});
          socket.terminate();
          reject(new Error(`${response.statusCode}: ${Buffer.concat(parts)}`));
        });
      });
    });
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(channel: number, data: string | Uint8Array): void {
    const bytes = Buffer.from(data as Uint8Array);
    this.#socket.send(
      this.protocol.includes("base64")
        ? `${channel}${bytes.toString("base64")}`
        : Buffer.concat([Uint8Array.of(channel), bytes]),
    );
  }

  terminate(): void {
    this.#socket.terminate();
  }

  text(channel: number): string {
    return this.output.get(channel) ?? "";
  }

  /** Resolves once `condition` holds, which is asked after each message. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#closed) throw new Error(`closed before: ${JSON.stringify([...this.output])}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async closed(): Promise<void> {
    while (!this.#closed) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #onMessage(data: Buffer): void {
    const isText = this.protocol.includes("base64");
    const channel = isText ? data[0]! - 0x30 : data[0]!;
    const bytes = isText
      ? Buffer.from(data.subarray(1).toString("latin1"), "base64")
      : data.subarray(1);
    this.output.set(channel, this.text(channel) + bytes.toString("latin1"));
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
