import assert from "node:assert/strict";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { silentLog } from "../../../shared/log/log.ts";
import type { Revision } from "../storage.ts";
import { ACCEPT, type Mark, readMark, StoreMark } from "./mark.ts";

async function inFile(test: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(`${directory}/state.mark`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function opened(path: string, last: number, clock = new FakeClock()): Promise<StoreMark> {
  return StoreMark.open(path, { store: "s", last: last as Revision, clock, log: silentLog });
}

/** Reads until the mark says `last`: it is written by another thread. */
async function reaches(path: string, last: number): Promise<Mark> {
  for (;;) {
    const mark = await readMark(path);
    if (typeof mark === "object" && mark.last === last) return mark;
  }
}

Deno.test("StoreMark says how far the store has come, and whether it may have a write-ahead log", () =>
  inFile(async (path) => {
    const clock = new FakeClock();
    const mark = await opened(path, 5, clock);
    assert.deepEqual(await readMark(path), { store: "s", last: 5, wal: false });
    mark.note(7 as Revision);
    assert.deepEqual(await reaches(path, 7), { store: "s", last: 7, wal: true });
    mark.note(8 as Revision);
    mark.note(9 as Revision);
    await clock.advance(60);
    assert.deepEqual(await reaches(path, 9), { store: "s", last: 9, wal: true });
    mark.note(10 as Revision);
    await mark.close(10 as Revision);
    assert.deepEqual(await readMark(path), { store: "s", last: 10, wal: false });
    assert.equal(clock.nextDue, undefined);
  }));

Deno.test("readMark() tells a mark from none, and from an operator's word", () =>
  inFile(async (path) => {
    assert.equal(await readMark(path), undefined);
    await Deno.writeTextFile(path, "");
    assert.equal(await readMark(path), undefined);
    await Deno.writeTextFile(path, "accept\n");
    assert.equal(await readMark(path), ACCEPT);
  }));

Deno.test("readMark() refuses a mark with any bit flipped or any end cut off", () =>
  inFile(async (path) => {
    await (await opened(path, 1234)).close(1234 as Revision);
    const whole = await Deno.readFile(path);
    const refused = { name: "Error", message: /state\.mark, which says .* is damaged \(to go on / };
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 1 << at % 8;
      await Deno.writeFile(path, damaged);
      await assert.rejects(readMark(path), refused, `byte ${at}`);
      await Deno.writeFile(path, whole.subarray(0, at));
      if (at > 0) await assert.rejects(readMark(path), refused, `cut off at ${at}`);
    }
  }));
