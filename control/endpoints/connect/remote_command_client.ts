import type { ChannelFrame } from "../../../shared/stream/channel_frames.ts";

/** The client's end of an exec or attach, whatever protocol it speaks. */
export interface RemoteCommandClient {
  /** Aborted when the client is gone. */
  readonly closed: AbortSignal;
  /**
   * Passes on what the client sends (stdin, resize, the end of stdin), waiting for `sink` each time. Resolves when no
   * more will come. Called once.
   */
  receive(sink: (frame: ChannelFrame) => Promise<void>): Promise<void>;
  /** Resolves when there is room for more. Rejects if the client is gone. */
  send(frame: ChannelFrame): Promise<void>;
  /** Tells how it ended, a `v1.Status` as JSON, and hangs up. */
  finish(status: Uint8Array): Promise<void>;
  /** Hangs up without a word. */
  abort(): void;
}

/** Which channels a session has. */
export interface SessionChannels {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** What clients of protocols that know no Status are told: nothing if all went well. */
export function plainStatus(status: Uint8Array): Uint8Array {
  const { status: outcome, message = "" } = JSON.parse(new TextDecoder().decode(status)) as {
    readonly status?: string;
    readonly message?: string;
  };
  return new TextEncoder().encode(outcome === "Success" ? "" : message);
}
