import type { Header } from "../../shared/http2/header_table.ts";
import { errorCodes } from "../../shared/http2/protocol.ts";
import type { ServerStream } from "../../shared/http2/server_stream.ts";
import { type BodyWriter, directBodyOf, DirectResponse } from "../endpoints/direct_body.ts";
import { lengthOf } from "./direct_answer.ts";
import { StreamRequest } from "./stream_request.ts";

/** Answers one HTTP/2 request by `handle`. Settles when the answer has begun, or ended if it is an ordinary stream. */
export async function exchange(
  stream: ServerStream,
  handle: (request: StreamRequest) => Response | Promise<Response>,
  date: () => string,
): Promise<void> {
  const response = await handle(new StreamRequest(stream));
  const headers: Header[] = [["date", date()], ...fieldsOf(response)];
  const body = directBodyOf(response);
  if (stream.head.method === "HEAD") return stream.respond(response.status, headers, true);
  if (body && typeof body !== "function") {
    headers.push(["content-length", String(lengthOf(body))]);
    stream.respond(response.status, headers);
    return stream.end(...body);
  }
  if (body) {
    stream.respond(response.status, headers);
    return body(writerOf(stream));
  }
  stream.respond(response.status, headers, !response.body);
  if (response.body) await pipe(response.body, stream);
}

function fieldsOf(response: Response | DirectResponse): Iterable<Header> {
  return response instanceof DirectResponse ? response.fields() : response.headers;
}

function writerOf(stream: ServerStream): BodyWriter {
  let drain = () => {};
  return {
    write: (...chunks) => {
      const room = stream.write(...chunks);
      if (!room) stream.out.onDrain = drain;
      return room;
    },
    onDrain: (task) => void (drain = task),
    onClose: (task) => stream.onGone(task),
    end: () => stream.end(),
  };
}

/** Sends a stream as fast as the client takes it; a stream that fails breaks the answer off. */
async function pipe(body: ReadableStream<Uint8Array>, stream: ServerStream): Promise<void> {
  const reader = body.getReader();
  stream.onGone(() => void reader.cancel().catch(() => {}));
  try {
    while (!stream.gone) {
      const { done, value } = await reader.read();
      if (done) return stream.end();
      if (!stream.write(value)) await drained(stream);
    }
  } catch {
    stream.reset(errorCodes.internalError);
  }
}

function drained(stream: ServerStream): Promise<void> {
  return new Promise((resolve) => {
    stream.out.onDrain = resolve;
    stream.onGone(resolve);
  });
}
