import {
  ConnectionError,
  defaultFrameSize,
  defaultWindow,
  errorCodes,
  maxWindow,
  settings,
} from "./protocol.ts";

/** What the peer has told of itself, as far as it matters to who answers requests. */
export interface PeerSettings {
  readonly initialWindow: number;
  readonly maxFrame: number;
}

export const defaultPeerSettings: PeerSettings = {
  initialWindow: defaultWindow,
  maxFrame: defaultFrameSize,
};

const largestFrame = 0xffffff;

/** The settings after a SETTINGS frame. Throws ConnectionError for values that cannot be (RFC 9113, section 6.5.2). */
export function readSettings(payload: Uint8Array, before: PeerSettings): PeerSettings {
  if (payload.length % 6 !== 0) {
    throw new ConnectionError(errorCodes.frameSizeError, "half a setting");
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  let { initialWindow, maxFrame } = before;
  for (let at = 0; at < payload.length; at += 6) {
    const value = view.getUint32(at + 2);
    switch (view.getUint16(at)) {
      case settings.enablePush:
        if (value > 1) throw new ConnectionError(errorCodes.protocolError, "ENABLE_PUSH");
        break;
      case settings.initialWindowSize:
        if (value > maxWindow) {
          throw new ConnectionError(errorCodes.flowControlError, "INITIAL_WINDOW_SIZE");
        }
        initialWindow = value;
        break;
      case settings.maxFrameSize:
        if (value < defaultFrameSize || value > largestFrame) {
          throw new ConnectionError(errorCodes.protocolError, "MAX_FRAME_SIZE");
        }
        maxFrame = value;
    }
  }
  return { initialWindow, maxFrame };
}
