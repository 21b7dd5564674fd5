/** Takes the bytes of one answer, as fast as its client does. */
export interface BodyWriter {
  /** False: no room for more until `onDrain` calls. What was given is sent all the same. */
  write(...chunks: readonly Uint8Array[]): boolean;
  /** Calls `task` whenever there is room again. Set once. */
  onDrain(task: () => void): void;
  /** Calls `task` when the client is gone. Set once. */
  onClose(task: () => void): void;
  /** Nothing more will come. */
  end(): void;
}

/** Sends a body through a writer; called at most once. */
export type BodySource = (writer: BodyWriter) => void;
