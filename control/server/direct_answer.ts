import type { ServerResponse } from "node:http";
import type { Http2ServerResponse, ServerHttp2Stream } from "node:http2";
import type { Writable } from "node:stream";
import { type BodyWriter, directBodyOf } from "../endpoints/direct_body.ts";

/**
 * Writes an answer straight to its connection if it has a direct body. False: it has none, and goes the usual way.
 */
export function answerDirectly(
  response: Response,
  outgoing: ServerResponse | Http2ServerResponse,
): boolean {
  const body = directBodyOf(response);
  if (body === undefined) return false;
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => headers[name] = value);
  if (body instanceof Uint8Array) headers["content-length"] = String(body.length);
  const out = begin(response.status, headers, outgoing);
  if (body instanceof Uint8Array) out.end(body);
  else body(writerOf(out));
  return true;
}

function begin(
  status: number,
  headers: Record<string, string>,
  outgoing: ServerResponse | Http2ServerResponse,
): Writable {
  const stream = (outgoing as Http2ServerResponse).stream as ServerHttp2Stream | undefined;
  if (!stream) {
    (outgoing as ServerResponse).writeHead(status, headers);
    return outgoing as Writable;
  }
  // The stream itself: the compatibility layer's bookkeeping is a good part of a small answer.
  if (!stream.destroyed) stream.respond({ ":status": status, ...headers });
  return stream;
}

function writerOf(out: Writable): BodyWriter {
  out.on("error", () => out.destroy());
  return {
    write: (chunk) => !out.destroyed && out.write(chunk),
    onDrain: (task) => void out.on("drain", task),
    onClose: (task) => {
      out.once("close", task);
      // The platform tells a stream whose client went away by `aborted` alone.
      out.once("aborted", task);
    },
    end: () => void out.end(),
  };
}
