import { channels } from "../../../../shared/stream/channel_frames.ts";
import type { Upgrade } from "../../../server/request_context.ts";
import {
  plainStatus,
  type RemoteCommandClient,
  type SessionChannels,
} from "../remote_command_client.ts";
import { acceptWebSocket } from "./accept_websocket.ts";
import { ChannelSocket, type MessageForm } from "./channel_socket.ts";

interface Protocol {
  readonly form: MessageForm;
  /** The error channel carries a Status, not a sentence. */
  readonly hasStatus: boolean;
  /** The client can end its stdin (KEP-4006). */
  readonly hasClose: boolean;
}

/** Subprotocols of exec and attach over WebSocket. */
export const remoteCommandProtocols: Readonly<Record<string, Protocol>> = {
  "": { form: "binary", hasStatus: false, hasClose: false },
  "channel.k8s.io": { form: "binary", hasStatus: false, hasClose: false },
  "base64.channel.k8s.io": { form: "base64", hasStatus: false, hasClose: false },
  "v4.channel.k8s.io": { form: "binary", hasStatus: true, hasClose: false },
  "v4.base64.channel.k8s.io": { form: "base64", hasStatus: true, hasClose: false },
  "v5.channel.k8s.io": { form: "binary", hasStatus: true, hasClose: true },
};

/** Takes the connection over. `name` is one of `remoteCommandProtocols`. */
export async function remoteCommandSocket(
  upgrade: Upgrade,
  name: string,
  wanted: SessionChannels,
): Promise<RemoteCommandClient> {
  const { form, hasStatus, hasClose } = remoteCommandProtocols[name]!;
  const socket = new ChannelSocket(await acceptWebSocket(upgrade, name), form);
  // Clients of the older protocols wait for it as the sign that the session stands.
  if (!hasClose) await socket.send({ channel: firstOutput(wanted), data: new Uint8Array() });
  return {
    closed: socket.closed,
    async receive(sink) {
      for await (const frame of socket.frames()) {
        const { channel } = frame;
        const known = channel === channels.resize ||
          (channel === channels.stdin && wanted.stdin) || (channel === channels.close && hasClose);
        if (known) await sink(frame);
      }
    },
    send: (frame) => socket.send(frame),
    async finish(status) {
      const data = hasStatus ? status : plainStatus(status);
      if (data.length > 0) await socket.send({ channel: channels.error, data });
      socket.close();
    },
    abort: () => socket.terminate(),
  };
}

function firstOutput({ stdout, stderr }: SessionChannels): number {
  if (stdout) return channels.stdout;
  return stderr ? channels.stderr : channels.error;
}
