import type { Duplex } from "node:stream";
import type { Clock } from "../../../../shared/clock/clock.ts";
import {
  type ChannelFrame,
  channels,
  closeFrame,
} from "../../../../shared/stream/channel_frames.ts";
import { readChunks } from "../../../../shared/stream/read_chunks.ts";
import { writeAll } from "../../../../shared/stream/write_all.ts";
import {
  plainStatus,
  type RemoteCommandClient,
  type SessionChannels,
} from "../remote_command_client.ts";
import { SpdyConnection, type SpdyStream } from "./connection.ts";

/** What the stream protocol can do, by `X-Stream-Protocol-Version`. */
export const remoteCommandVersions: Readonly<
  Record<string, { readonly hasStatus: boolean; readonly hasResize: boolean }>
> = {
  "v5.channel.k8s.io": { hasStatus: true, hasResize: true },
  "v4.channel.k8s.io": { hasStatus: true, hasResize: true },
  "v3.channel.k8s.io": { hasStatus: false, hasResize: true },
  "v2.channel.k8s.io": { hasStatus: false, hasResize: false },
  "channel.k8s.io": { hasStatus: false, hasResize: false },
  "": { hasStatus: false, hasResize: false },
};

/** How long a client may take to open its streams (the reference's `DefaultStreamCreationTimeout`). */
const openMs = 30_000;
/** The largest resize message that makes sense. */
const maxSizeBytes = 1024;

export interface RemoteCommandStreamsOptions {
  readonly clock: Clock;
  /** One of `remoteCommandVersions`. */
  readonly protocol: string;
  readonly wanted: SessionChannels;
}

/** Waits for the client's streams, one for each channel. Rejects if they do not come, or others do. */
export async function remoteCommandStreams(
  transport: Duplex,
  { clock, protocol, wanted }: RemoteCommandStreamsOptions,
): Promise<RemoteCommandClient> {
  const { hasStatus, hasResize } = remoteCommandVersions[protocol]!;
  const gone = new AbortController();
  const missing = expectedStreams(wanted, hasResize);
  const streams = new Map<string, SpdyStream>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const connection = new SpdyConnection(transport, {
    clock,
    onStream(stream) {
      const type = stream.headers.get("streamtype") ?? "";
      stream.on("error", () => stream.destroy());
      if (!missing.delete(type)) return void stream.destroy();
      streams.set(type, stream);
      if (missing.size === 0) resolve();
    },
    onClose() {
      gone.abort();
      reject(new Error("the client left before all streams were open"));
    },
  });
  const timer = clock.after(openMs, () => connection.destroy());
  try {
    await promise;
  } finally {
    timer.cancel();
  }
  return {
    closed: gone.signal,
    receive: (sink) => receive(streams, sink),
    send: ({ channel, data }) => sendTo(streams.get(outputNames[channel] ?? ""), data),
    async finish(status) {
      const error = streams.get("error")!;
      const text = hasStatus ? status : plainStatus(status);
      if (text.length > 0) await writeAll(error, text);
      await Promise.all(["stdout", "stderr", "error"].map((name) => ended(streams.get(name))));
      connection.close();
    },
    abort: () => connection.destroy(),
  };
}

const outputNames: Readonly<Record<number, string>> = {
  [channels.stdout]: "stdout",
  [channels.stderr]: "stderr",
};

function expectedStreams(wanted: SessionChannels, hasResize: boolean): Set<string> {
  const names = new Set(["error"]);
  if (wanted.stdin) names.add("stdin");
  if (wanted.stdout) names.add("stdout");
  if (wanted.stderr && !wanted.tty) names.add("stderr");
  if (wanted.tty && hasResize) names.add("resize");
  return names;
}

async function sendTo(stream: SpdyStream | undefined, data: Uint8Array): Promise<void> {
  if (stream) await writeAll(stream, data);
}

function ended(stream: SpdyStream | undefined): Promise<void> {
  if (!stream || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once("close", resolve);
    stream.end(() => resolve());
  });
}

type Sink = (frame: ChannelFrame) => Promise<void>;

async function receive(streams: ReadonlyMap<string, SpdyStream>, sink: Sink): Promise<void> {
  await Promise.all([
    receiveInput(streams.get("stdin"), sink),
    receiveSizes(streams.get("resize"), sink),
  ]);
}

async function receiveInput(stdin: SpdyStream | undefined, sink: Sink): Promise<void> {
  if (!stdin) return;
  for await (const data of readChunks(stdin)) await sink({ channel: channels.stdin, data });
  await sink(closeFrame(channels.stdin));
}

/** One JSON object a line. */
async function receiveSizes(resize: SpdyStream | undefined, sink: Sink): Promise<void> {
  if (!resize) return;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of readChunks(resize)) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
    text = lines.pop()!.slice(0, maxSizeBytes);
    for (const line of lines) {
      if (line !== "") await sink({ channel: channels.resize, data: encoder.encode(line) });
    }
  }
}
