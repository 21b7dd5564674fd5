import type { Duplex } from "node:stream";
import type { Upgrade } from "../../../server/request_context.ts";

/** The refusal when nothing is in common; names what could be had. */
export function refuseStreamProtocol(
  offered: readonly string[],
  supported: readonly string[],
): Response {
  const both = `client supports [${offered.join(" ")}], server accepts [${supported.join(" ")}]`;
  const text = `unable to upgrade: unable to negotiate protocol: ${both}`;
  return new Response(text, {
    status: 403,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-accepted-stream-protocol-versions": supported.filter((name) => name !== "").join(", "),
    },
  });
}

/** Takes the connection over; from here on it speaks SPDY/3.1. */
export function acceptSpdy(upgrade: Upgrade, protocol: string): Duplex {
  const { socket, head } = upgrade.take();
  const version = protocol === "" ? "" : `X-Stream-Protocol-Version: ${protocol}\r\n`;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${version}\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
  return socket;
}
