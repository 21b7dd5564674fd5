import type { Duplex } from "node:stream";
// @ts-types="npm:@types/ws@8.18.1"
import type { WebSocket } from "ws";
import { readChunks } from "../../../../shared/stream/read_chunks.ts";
import { writeAll } from "../../../../shared/stream/write_all.ts";
import type { DialPort } from "../dial_port.ts";
import { ChannelSocket, type MessageForm } from "./channel_socket.ts";

/** Subprotocols in which port `i` of the request has the channels `2i` (bytes) and `2i + 1` (errors). */
export const portProtocols: Readonly<Record<string, MessageForm>> = {
  "": "binary",
  "v4.channel.k8s.io": "binary",
  "v4.base64.channel.k8s.io": "base64",
};

export interface PortSocketOptions {
  /** One of `portProtocols`. */
  readonly protocol: string;
  readonly ports: readonly number[];
  readonly dial: DialPort;
}

/** Serves a client that forwards a fixed list of ports, one connection each, until it or all of them have ended. */
export async function servePortSocket(
  webSocket: WebSocket,
  { protocol, ports, dial }: PortSocketOptions,
): Promise<void> {
  const socket = new ChannelSocket(webSocket, portProtocols[protocol]!);
  const targets = new Map<number, Promise<Duplex>>();
  try {
    const running = ports.map(async (port, i) => {
      const channel = i * 2;
      await socket.send({ channel, data: portBytes(port) });
      await socket.send({ channel: channel + 1, data: portBytes(port) });
      const target = dial(port);
      target.catch(() => {}); // Told below, to whoever asked for it.
      targets.set(channel, target);
      await copyOut(target, channel, socket);
    });
    void copyIn(socket, targets);
    await Promise.all(running);
    socket.close();
  } catch {
    socket.terminate();
  }
}

/** A port as it is announced on its channels: two bytes, little-endian. */
function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port & 0xff, port >> 8);
}

async function copyOut(
  dialling: Promise<Duplex>,
  channel: number,
  socket: ChannelSocket,
): Promise<void> {
  let target: Duplex;
  try {
    target = await dialling;
  } catch (error) {
    const data = new TextEncoder().encode((error as Error).message);
    return await socket.send({ channel: channel + 1, data });
  }
  target.on("error", () => target.destroy());
  const leave = () => target.destroy();
  socket.closed.addEventListener("abort", leave, { once: true });
  if (socket.closed.aborted) leave();
  for await (const data of readChunks(target)) await socket.send({ channel, data });
}

async function copyIn(
  socket: ChannelSocket,
  targets: ReadonlyMap<number, Promise<Duplex>>,
): Promise<void> {
  for await (const { channel, data } of socket.frames()) {
    // What a connection that has ended is still sent is dropped.
    const target = await targets.get(channel)?.catch(() => undefined);
    if (target) await writeAll(target, data).catch(() => {});
  }
}
