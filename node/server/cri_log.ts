/** What is wanted of a container's log. */
export interface LogSelection {
  /** Wall-clock milliseconds; older lines are left out. */
  readonly since?: number | undefined;
  /** Each line starts with its time. */
  readonly timestamps: boolean;
  /** Lines of one output only. */
  readonly stream?: "stdout" | "stderr" | undefined;
  /** The output is cut there. */
  readonly limitBytes?: number | undefined;
}

/** A line that never ends is passed on in pieces of this size (runtimes split at 16 KiB). */
const maxLineBytes = 1024 * 1024;
const newline = 0x0a;
const space = 0x20;
const partialTag = 0x50;
const utc = "+00:00";

/**
 * Turns the bytes of a CRI log (lines of `time stream P|F text`) into what the program wrote, as selected. Keeps no
 * more than one incomplete line. Source: the kubelet CRI logging design, "Format".
 */
export class CriLogReader {
  readonly #selection: LogSelection;
  #rest = new Uint8Array();
  #sinceReached: boolean;
  /** The next text begins a line of the program (the last one was not partial). */
  #lineStart = true;
  #left: number;

  constructor(selection: LogSelection) {
    this.#selection = selection;
    this.#sinceReached = selection.since === undefined;
    this.#left = selection.limitBytes ?? Infinity;
  }

  /** Nothing more will come: the limit is reached. */
  get isDone(): boolean {
    return this.#left <= 0;
  }

  /** Takes the next bytes of the file; returns the text of the lines that they complete. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#rest.length > 0 ? concat([this.#rest, chunk]) : chunk;
    const parts: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.#line(bytes.subarray(start, end + 1), parts);
      start = end + 1;
    }
    this.#rest = bytes.slice(start);
    if (this.#rest.length > maxLineBytes) {
      this.#line(this.#rest, parts);
      this.#rest = new Uint8Array();
    }
    const out = concat(parts);
    const kept = out.length > this.#left ? out.subarray(0, this.#left) : out;
    this.#left -= kept.length;
    return kept;
  }

  /** `line` has its newline. What is no line of a log (a torn write) is left out. */
  #line(line: Uint8Array, parts: Uint8Array[]): void {
    const timeEnd = line.indexOf(space);
    const streamEnd = line.indexOf(space, timeEnd + 1);
    const tagEnd = line.indexOf(space, streamEnd + 1);
    if (timeEnd < 0 || streamEnd < 0 || tagEnd < 0) return;
    const { stream, timestamps } = this.#selection;
    if (stream && ascii(line.subarray(timeEnd + 1, streamEnd)) !== stream) return;
    if (!this.#sinceReached && !this.#reaches(line.subarray(0, timeEnd))) return;
    const partial = line[streamEnd + 1] === partialTag;
    if (timestamps && this.#lineStart) parts.push(timePrefix(ascii(line.subarray(0, timeEnd))));
    parts.push(line.subarray(tagEnd + 1, partial ? line.length - 1 : line.length));
    this.#lineStart = !partial;
  }

  #reaches(time: Uint8Array): boolean {
    this.#sinceReached = Date.parse(ascii(time)) >= this.#selection.since!;
    return this.#sinceReached;
  }
}

function timePrefix(time: string): Uint8Array {
  const text = time.endsWith(utc) ? `${time.slice(0, -utc.length)}Z` : time;
  return new TextEncoder().encode(`${text} `);
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
