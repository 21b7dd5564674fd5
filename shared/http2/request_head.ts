import type { Header } from "./header_table.ts";
import { errorCodes, StreamError } from "./protocol.ts";

/** What a request's header block says. */
export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** "" if the client named none. */
  readonly authority: string;
  /** All others, in the order in which they came. */
  readonly fields: readonly Header[];
  /** As announced; undefined if it was not. */
  readonly contentLength: number | undefined;
}

/** Belong to one HTTP/1.1 connection and have no meaning here (RFC 9113, section 8.2.2). */
const connectionFields = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);
const pseudoNames = new Set([":method", ":path", ":scheme", ":authority"]);
const namePattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Names that were found to be well formed: the same few come with each request. */
const goodNames = new Set<string>();
const maxGoodNames = 512;

/** Reads a request's headers. Throws StreamError for a malformed request (RFC 9113, sections 8.1.1 to 8.3.1). */
export function readRequestHead(stream: number, headers: readonly Header[]): RequestHead {
  const pseudo = new Map<string, string>();
  const fields: Header[] = [];
  let contentLength: number | undefined;
  for (const header of headers) {
    const [name, value] = header;
    if (name.charCodeAt(0) === 0x3a) {
      const bad = fields.length > 0 || pseudo.has(name) || !pseudoNames.has(name);
      if (bad) throw malformed(stream, `${name} where it must not be`);
      pseudo.set(name, value);
      continue;
    }
    checkField(stream, name, value);
    if (name === "content-length") contentLength = lengthOf(stream, value, contentLength);
    fields.push(header);
  }
  const method = pseudo.get(":method");
  const path = pseudo.get(":path");
  if (!method || !path || !pseudo.get(":scheme")) {
    throw malformed(stream, "a request without method, scheme or path");
  }
  if (!path.startsWith("/") && path !== "*") throw malformed(stream, "a path without a slash");
  if (hasControls(path) || hasControls(method)) throw malformed(stream, "a control character");
  return { method, path, authority: pseudo.get(":authority") ?? "", fields, contentLength };
}

/** What follows a body must not tell anything that counts: it is looked at and dropped. Throws StreamError. */
export function checkTrailers(stream: number, headers: readonly Header[]): void {
  for (const [name, value] of headers) checkField(stream, name, value);
}

function checkField(stream: number, name: string, value: string): void {
  if (!goodNames.has(name)) {
    if (!namePattern.test(name)) throw malformed(stream, "a header name");
    if (connectionFields.has(name)) throw malformed(stream, `the header ${name}`);
    if (goodNames.size < maxGoodNames && name.length <= 64) goodNames.add(name);
  }
  if (name === "te" && value !== "trailers") throw malformed(stream, "the header te");
  if (hasControls(value)) throw malformed(stream, `a control character in ${name}`);
}

/** NUL, CR and LF: what would let a value break out of its line elsewhere. */
function hasControls(text: string): boolean {
  return /[\0\r\n]/.test(text);
}

function lengthOf(stream: number, value: string, known: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : -1;
  if (length < 0 || (known !== undefined && known !== length)) {
    throw malformed(stream, "the header content-length");
  }
  return length;
}

function malformed(stream: number, what: string): StreamError {
  return new StreamError(stream, errorCodes.protocolError, `malformed request: ${what}`);
}
