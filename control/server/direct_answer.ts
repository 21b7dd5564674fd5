import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { type BodyWriter, directBodyOf } from "../endpoints/direct_body.ts";

/** Writes an answer straight to its HTTP/1.1 connection if it has a direct body. False: it goes the usual way. */
export function answerDirectly(response: Response, outgoing: ServerResponse): boolean {
  const body = directBodyOf(response);
  if (body === undefined) return false;
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => headers[name] = value);
  if (typeof body !== "function") headers["content-length"] = String(lengthOf(body));
  outgoing.writeHead(response.status, headers);
  if (typeof body === "function") body(writerOf(outgoing));
  else outgoing.end(Buffer.concat(body));
  return true;
}

/** How many bytes the pieces of a body have together. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function writerOf(out: Writable): BodyWriter {
  out.on("error", () => out.destroy());
  return {
    write: (...chunks) => !out.destroyed && out.write(Buffer.concat(chunks)),
    onDrain: (task) => void out.on("drain", task),
    onClose: (task) => void out.once("close", task),
    end: () => void out.end(),
  };
}
