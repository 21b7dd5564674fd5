import type { Revision, Stored } from "../storage/storage.ts";
import { BackupError } from "./backup_error.ts";

/** What the backup is of. */
export interface Manifest {
  /** Version of the program that made it. */
  readonly coracle: string;
  /** The state is that of this revision. */
  readonly revision: Revision;
  readonly objects: number;
  /** Settings of the server that describe the cluster and not the machine, as in its configuration file. */
  readonly settings: Readonly<Record<string, string | number | readonly string[]>>;
}

/** One part of a backup's content. They come in this order: manifest, objects by their revisions, files. */
export type BackupRecord =
  | { readonly type: "manifest"; readonly manifest: Manifest }
  | { readonly type: "object"; readonly object: Stored }
  /** Of the certificate directory. */
  | { readonly type: "file"; readonly name: string; readonly text: string };

const types = ["manifest", "object", "file"] as const;
/** A type (one byte) and the length of what follows. */
const HEADER = 5;
/** An object's revision and the length of its key. */
const OBJECT_HEADER = 10;
/** Far above what the API takes; whoever reads keeps one record in memory. */
const MAX_RECORD = 64 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A record as it stands in the content. */
export function encodeRecord(record: BackupRecord): Uint8Array {
  switch (record.type) {
    case "manifest":
      return framed(0, encoder.encode(JSON.stringify(record.manifest)));
    case "object":
      return framed(1, objectBytes(record.object));
    case "file":
      return framed(2, encoder.encode(JSON.stringify([record.name, record.text])));
  }
}

/** Reads records back. Throws `BackupError` for bytes that are none. */
export async function* decodeRecords(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<BackupRecord> {
  let rest = new Uint8Array(0);
  for await (const chunk of content) {
    rest = joined(rest, chunk);
    for (let length = lengthOf(rest); length <= rest.length; length = lengthOf(rest)) {
      yield decodeRecord(rest[0]!, rest.subarray(HEADER, length));
      rest = rest.subarray(length);
    }
  }
  if (rest.length > 0) throw unreadable();
}

function framed(type: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + body.length);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(1, body.length);
  bytes.set(body, HEADER);
  return bytes;
}

function objectBytes({ key, revision, value }: Stored): Uint8Array {
  const name = encoder.encode(key);
  const bytes = new Uint8Array(OBJECT_HEADER + name.length + value.length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, revision);
  view.setUint16(8, name.length);
  bytes.set(name, OBJECT_HEADER);
  bytes.set(value, OBJECT_HEADER + name.length);
  return bytes;
}

/** Of the record that begins here; infinite while not even that can be told. */
function lengthOf(bytes: Uint8Array): number {
  if (bytes.length < HEADER) return Infinity;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (length > MAX_RECORD) throw unreadable();
  return HEADER + length;
}

function decodeRecord(type: number, body: Uint8Array): BackupRecord {
  try {
    switch (types[type]) {
      case "manifest":
        return { type: "manifest", manifest: JSON.parse(decoder.decode(body)) as Manifest };
      case "object":
        return { type: "object", object: readObject(body) };
      case "file": {
        const [name, text] = JSON.parse(decoder.decode(body)) as [string, string];
        return { type: "file", name, text };
      }
    }
  } catch (cause) {
    throw unreadable(cause);
  }
  throw unreadable();
}

function readObject(body: Uint8Array): Stored {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const valueAt = OBJECT_HEADER + view.getUint16(8);
  if (valueAt > body.length) throw new RangeError("the key is longer than its record");
  return {
    revision: view.getFloat64(0) as Revision,
    key: decoder.decode(body.subarray(OBJECT_HEADER, valueAt)),
    // A copy: what it was read from is used again.
    value: body.slice(valueAt),
  };
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The checksums fit, so whoever wrote this did not keep to the format. */
function unreadable(cause?: unknown): BackupError {
  return new BackupError("Damaged", "it is damaged: its content cannot be read", { cause });
}
