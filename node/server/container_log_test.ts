import assert from "node:assert/strict";
import { FakeClock, settle } from "../../shared/clock/fake_clock.ts";
import type { LogFiles, OpenLogFile } from "../host/log_files.ts";
import { type ContainerLogOptions, readContainerLog } from "./container_log.ts";

/** Files in memory that grow, and are renamed away. */
class FakeLogFiles implements LogFiles {
  opened = 0;
  watching = 0;
  canWatch = true;
  #file = { id: 0, text: "" };
  #onChange = () => {};

  append(text: string): void {
    this.#file.text += text;
    this.#onChange();
  }

  rotate(text: string): void {
    this.#file = { id: this.#file.id + 1, text };
    this.#onChange();
  }

  open(): Promise<OpenLogFile> {
    const file = this.#file;
    this.opened++;
    return Promise.resolve({
      id: String(file.id),
      size: () => Promise.resolve(file.text.length),
      read(at, into) {
        const part = new TextEncoder().encode(file.text.slice(at, at + into.length));
        into.set(part);
        return Promise.resolve(part.length);
      },
      close: () => void this.opened--,
    });
  }

  watch(_directory: string, onChange: () => void): () => void {
    if (!this.canWatch) throw new Error("no more watches");
    this.watching++;
    this.#onChange = onChange;
    return () => void this.watching--;
  }
}

const line = (text: string) => `2026-01-01T00:00:00Z stdout F ${text}\n`;

function follow(files: FakeLogFiles, options: Partial<ContainerLogOptions> = {}) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const end = Promise.withResolvers<void>();
  let text = "";
  const all = { timestamps: false, follow: true, ended: () => end.promise, ...options };
  const { signal } = stop;
  const done = (async () => {
    for await (const chunk of readContainerLog("/logs/0.log", all, { files, clock, signal })) {
      text += new TextDecoder().decode(chunk);
    }
  })();
  return { clock, stop, done, end: end.resolve, text: () => text };
}

Deno.test("readContainerLog() reads the file to its end", async () => {
  const files = new FakeLogFiles();
  files.append(line("a") + line("b"));
  const { done, text } = follow(files, { follow: false });
  await done;
  assert.equal(text(), "a\nb\n");
  assert.deepEqual([files.opened, files.watching], [0, 0]);
});

for (const [tailLines, want] of [[0, ""], [1, "c\n"], [2, "b\nc\n"], [9, "a\nb\nc\n"]] as const) {
  Deno.test(`readContainerLog() begins ${tailLines} lines before the end`, async () => {
    const files = new FakeLogFiles();
    files.append(line("a") + line("b") + line("c"));
    const { done, text } = follow(files, { follow: false, tailLines });
    await done;
    assert.equal(text(), want);
  });
}

Deno.test("readContainerLog() finds the last lines of a file of many blocks", async () => {
  const files = new FakeLogFiles();
  files.append(Array.from({ length: 20_000 }, (_, i) => line(String(i))).join(""));
  const { done, text } = follow(files, { follow: false, tailLines: 7_000 });
  await done;
  assert.equal(text().split("\n")[0], "13000");
});

Deno.test("readContainerLog() follows until the container has ended", async () => {
  const files = new FakeLogFiles();
  files.append(line("a"));
  const { done, text, end } = follow(files);
  await settle();
  assert.equal(text(), "a\n");
  files.append(line("b"));
  await settle();
  assert.equal(text(), "a\nb\n");
  files.append(line("last"));
  end();
  await done;
  assert.equal(text(), "a\nb\nlast\n");
  assert.deepEqual([files.opened, files.watching], [0, 0]);
});

Deno.test("readContainerLog() goes on in the file that takes the place of a rotated one", async () => {
  const files = new FakeLogFiles();
  files.append(line("old"));
  const { done, text, end } = follow(files);
  await settle();
  files.append(line("last of old"));
  files.rotate(line("new"));
  await settle();
  files.append(line("newer"));
  end();
  await done;
  assert.equal(text(), "old\nlast of old\nnew\nnewer\n");
});

Deno.test("readContainerLog() looks once a second where nothing can be watched", async () => {
  const files = new FakeLogFiles();
  files.canWatch = false;
  const { done, text, end, clock } = follow(files);
  await settle();
  files.append(line("late"));
  await settle();
  assert.equal(text(), "");
  await clock.advance(1000);
  assert.equal(text(), "late\n");
  end();
  await done;
});

Deno.test("readContainerLog() stops when its reader leaves", async () => {
  const files = new FakeLogFiles();
  const { done, stop } = follow(files);
  await settle();
  stop.abort();
  await done;
  assert.deepEqual([files.opened, files.watching], [0, 0]);
});
