/**
 * Looks at DNS messages as bytes (RFC 1035, section 4.1), so that answers of others pass through us with everything
 * that they hold, whether we know it or not.
 *
 * @module
 */

/** What passing a message on needs to know of it. */
export interface Outline {
  /** Where the question section ends; the header has 12 bytes. */
  readonly questionEnd: number;
  /** Where each record's time to live is. */
  readonly ttls: readonly number[];
  /** The shortest of them, in seconds; undefined without records. */
  readonly leastTtl: number | undefined;
}

const HEADER = 12;
const OPT = 41;

/** Reads the outline; throws a RangeError if the message ends too early. */
export function outlineOf(packet: Uint8Array): Outline {
  const view = viewOf(packet);
  let at = HEADER;
  for (let left = view.getUint16(4); left > 0; left--) at = nameEnd(view, at) + 4;
  if (at > packet.length) throw new RangeError("Cannot read DNS message: cut off");
  const questionEnd = at;
  const ttls: number[] = [];
  let leastTtl: number | undefined;
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  for (let left = records; left > 0; left--) {
    at = nameEnd(view, at);
    // In an OPT record, the same place holds flags.
    if (view.getUint16(at) !== OPT) {
      ttls.push(at + 4);
      leastTtl = Math.min(leastTtl ?? Infinity, view.getUint32(at + 4));
    }
    at += 10 + view.getUint16(at + 8);
  }
  return { questionEnd, ttls, leastTtl };
}

export function idOf(packet: Uint8Array): number {
  return viewOf(packet).getUint16(0);
}

/** The response code, without its EDNS extension. */
export function codeOf(packet: Uint8Array): number {
  return packet[3]! & 15;
}

export function isTruncated(packet: Uint8Array): boolean {
  return (packet[2]! & 2) !== 0;
}

/** Whether `answer` is a response to `query`: the same number and the same question, letter case aside. */
export function isAnswerTo(query: Uint8Array, answer: Uint8Array): boolean {
  if (answer.length < HEADER || (answer[2]! & 0x80) === 0 || idOf(answer) !== idOf(query)) {
    return false;
  }
  try {
    return questionKey(query) === questionKey(answer);
  } catch {
    return false;
  }
}

/** Names a question: two messages with the same key ask the same. */
export function questionKey(packet: Uint8Array): string {
  const { questionEnd } = outlineOf(packet);
  let key = "";
  for (let i = HEADER; i < questionEnd; i++) {
    const byte = packet[i]!;
    key += String.fromCharCode(byte >= 65 && byte <= 90 ? byte + 32 : byte);
  }
  return key;
}

/** A copy of `answer` for another query of the same question, `age` seconds later. */
export function readdressed(
  answer: Uint8Array,
  query: Uint8Array,
  { questionEnd, ttls }: Outline,
  age: number,
): Uint8Array {
  const copy = answer.slice();
  copy.set(query.subarray(0, 2));
  copy.set(query.subarray(HEADER, questionEnd), HEADER);
  const view = viewOf(copy);
  for (const at of ttls) view.setUint32(at, Math.max(0, view.getUint32(at) - age));
  return copy;
}

function viewOf(packet: Uint8Array): DataView {
  return new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
}

function nameEnd(view: DataView, start: number): number {
  for (let at = start;;) {
    const length = view.getUint8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
}
