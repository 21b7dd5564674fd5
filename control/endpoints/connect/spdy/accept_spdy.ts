import type { Duplex } from "node:stream";
import type { Upgrade } from "../../../server/request_context.ts";

/** The first offered protocol that is supported; "" if the client names none; undefined if none is common. */
export function chooseStreamProtocol(
  header: string | undefined,
  supported: readonly string[],
): string | undefined {
  const offered = (header ?? "").split(",").map((name) => name.trim()).filter((name) =>
    name !== ""
  );
  if (offered.length === 0) return supported.includes("") ? "" : undefined;
  return offered.find((name) => supported.includes(name));
}

/** The refusal when nothing is in common; names what could be had. */
export function refuseStreamProtocol(
  header: string | undefined,
  supported: readonly string[],
): Response {
  const text = `unable to upgrade: unable to negotiate protocol: client supports [${
    header ?? ""
  }], server accepts [${supported.join(" ")}]`;
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
