import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type WalFault, walFault } from "./wal.ts";

const HEADER = 32;
const FRAME = 24 + 4096;

interface Log {
  readonly bytes: Uint8Array;
  /** Where each transaction ends. */
  readonly ends: readonly number[];
}

/** A real write-ahead log of five transactions; `turned`: behind it lies what is left of an older, longer one. */
async function log(turned: boolean): Promise<Log> {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/x.kv`;
    const database = new DatabaseSync(file);
    database.exec(
      "PRAGMA journal_mode = WAL; CREATE TABLE t (v BLOB); PRAGMA wal_checkpoint(TRUNCATE)",
    );
    const insert = database.prepare("INSERT INTO t VALUES (zeroblob(6000))");
    if (turned) {
      for (let i = 0; i < 20; i++) insert.run();
      database.exec("PRAGMA wal_checkpoint(RESTART)");
    }
    const ends: number[] = [];
    for (let i = 0; i < 5; i++) {
      insert.run();
      ends.push(commits(await Deno.readFile(`${file}-wal`)));
    }
    const bytes = await Deno.readFile(`${file}-wal`);
    database.close();
    return { bytes, ends };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The end of the last transaction of the newest generation. */
function commits(wal: Uint8Array): number {
  const view = new DataView(wal.buffer);
  let end = HEADER;
  for (let at = HEADER; at + FRAME <= wal.length; at += FRAME) {
    if (view.getUint32(at + 8) !== view.getUint32(16)) break;
    if (view.getUint32(at + 4) !== 0) end = at + FRAME;
  }
  return end;
}

const cases: {
  title: string;
  hurt(log: Log): Uint8Array;
  want: WalFault | undefined;
}[] = [
  { title: "that is whole", hurt: ({ bytes }) => bytes, want: undefined },
  { title: "that is empty", hurt: () => new Uint8Array(0), want: undefined },
  {
    title: "that has only a header",
    hurt: ({ bytes }) => bytes.subarray(0, HEADER),
    want: undefined,
  },
  {
    title: "whose header is flipped",
    hurt: ({ bytes }) => flipped(bytes, 17),
    want: "header",
  },
  {
    title: "whose size of pages is flipped",
    hurt: ({ bytes }) => flipped(bytes, 10),
    want: "header",
  },
  {
    title: "with a flipped page in its first transaction",
    hurt: ({ bytes }) => flipped(bytes, HEADER + 100),
    want: "transaction",
  },
  {
    title: "with a flipped salt in its second transaction",
    hurt: ({ bytes, ends }) => flipped(bytes, ends[0]! + 9),
    want: "transaction",
  },
  {
    title: "with a flipped checksum at the end of its third transaction",
    hurt: ({ bytes, ends }) => flipped(bytes, ends[2]! - FRAME + 20),
    want: "transaction",
  },
  {
    title: "with a hole in its third transaction",
    hurt: ({ bytes, ends }) => bytes.slice().fill(0, ends[1], ends[2]! - FRAME),
    want: "transaction",
  },
  {
    title: "with a torn last transaction, as a power cut leaves it",
    hurt: ({ bytes, ends }) => bytes.slice().fill(0, ends[3]! + 512, ends[4]! - FRAME),
    want: undefined,
  },
  {
    title: "with a last transaction of which only the end was written",
    hurt: ({ bytes, ends }) => bytes.slice().fill(0, ends[3], ends[4]! - FRAME),
    want: undefined,
  },
  {
    title: "that ends amid its last transaction",
    hurt: ({ bytes, ends }) => bytes.subarray(0, ends[4]! - 700),
    want: undefined,
  },
];
for (const turned of [false, true]) {
  for (const { title, hurt, want } of cases) {
    // A header without frames behind it has nothing to say about older ones.
    const about = `${title}${turned ? ", before an older one" : ""}`;
    Deno.test(`walFault() judges a log ${about}: ${want ?? "no damage"}`, async () => {
      assert.equal(walFault(hurt(await log(turned))), want);
    });
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 4;
  return copy;
}
