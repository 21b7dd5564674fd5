import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
// @ts-types="npm:@types/ws@8.18.1"
import { type WebSocket, WebSocketServer } from "ws";
import type { Upgrade } from "../../../server/request_context.ts";

/** The largest message that a client may send. */
const maxMessageBytes = 1024 * 1024;

/** Answered instead of what ws would answer: it takes no `/` in names, which `SPDY/3.1+portforward.k8s.io` has. */
const chosen = new WeakMap<IncomingMessage, string>();
const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: maxMessageBytes,
  skipUTF8Validation: true,
});
server.on("headers", (lines: string[], request: IncomingMessage) => {
  const protocol = chosen.get(request);
  if (protocol) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
});

/** Takes the connection over and shakes hands. What is wrong with the handshake is answered by it, and rejects. */
export function acceptWebSocket(upgrade: Upgrade, protocol: string): Promise<WebSocket> {
  const { request, socket, head } = upgrade.take();
  delete request.headers["sec-websocket-protocol"];
  if (protocol !== "") chosen.set(request, protocol);
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error("WebSocket handshake failed"));
    socket.once("close", onClose);
    server.handleUpgrade(request, socket, head as Buffer, (accepted) => {
      socket.off("close", onClose);
      resolve(accepted);
    });
  });
}
