/** Frame types (RFC 9113, section 6). */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; what a bit means depends on the frame's type. */
export const flags = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Settings (RFC 9113, section 6.5.2). */
export const settings = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Why a stream or connection ends (RFC 9113, section 7). */
export const errorCodes = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
} as const;
export type ErrorCode = typeof errorCodes[keyof typeof errorCodes];

/** What a client sends first. */
export const preface = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** Bytes before a frame's payload. */
export const frameHeadBytes = 9;
/** The largest payload unless a peer says otherwise. */
export const defaultFrameSize = 16_384;
/** A stream's or connection's window unless a peer says otherwise. */
export const defaultWindow = 65_535;
/** No window may grow beyond this (RFC 9113, section 6.9.1). */
export const maxWindow = 0x7fffffff;

/** The peer broke the protocol, or wants more than it may have: the connection ends. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  constructor(readonly code: ErrorCode, message: string) {
    super(message);
  }
}

/** One stream is at fault; the others go on. */
export class StreamError extends Error {
  override readonly name = "StreamError";
  constructor(readonly stream: number, readonly code: ErrorCode, message: string) {
    super(message);
  }
}
