import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { Steps } from "../steps.ts";
import { bringUp, type ClusterPart } from "./bring_up.ts";

class FakePart implements ClusterPart {
  readonly title: string;
  readonly #diary: string[];
  #runs: boolean;
  readonly #fails: boolean;

  constructor(title: string, diary: string[], state: { runs?: boolean; fails?: boolean } = {}) {
    this.title = title;
    this.#diary = diary;
    this.#runs = state.runs ?? false;
    this.#fails = state.fails ?? false;
  }

  running(): string | undefined {
    return this.#runs ? `${this.title} runs already` : undefined;
  }

  start(): Promise<string> {
    this.#diary.push(`start ${this.title}`);
    this.#runs = true;
    return this.#fails
      ? Promise.reject(new Error(`Cannot start ${this.title}`))
      : Promise.resolve(`${this.title} is ready`);
  }

  stop(): Promise<void> {
    this.#diary.push(`stop ${this.title}`);
    this.#runs = false;
    return Promise.resolve();
  }
}

async function bring(parts: readonly ClusterPart[], signal = new AbortController().signal) {
  const lines: string[] = [];
  const steps = new Steps(new FakeClock(), (line) => lines.push(line));
  const error = await bringUp(parts, { steps, signal }).then(() => undefined, String);
  return { lines, error };
}

Deno.test("bringUp() starts what does not run, in order, with a line and its time for each", async () => {
  const diary: string[] = [];
  const parts = [new FakePart("Server", diary), new FakePart("Agent", diary)];
  const { lines } = await bring(parts);
  assert.deepEqual(diary, ["start Server", "start Agent"]);
  assert.deepEqual(lines, ["  0.00 s  Server is ready", "  0.00 s  Agent is ready"]);
});

Deno.test("bringUp() a second time starts nothing", async () => {
  const diary: string[] = [];
  const parts = [new FakePart("Server", diary), new FakePart("Agent", diary)];
  await bring(parts);
  const { lines, error } = await bring(parts);
  assert.equal(error, undefined);
  assert.deepEqual(diary, ["start Server", "start Agent"]);
  assert.deepEqual(lines, ["  0.00 s  Server runs already", "  0.00 s  Agent runs already"]);
});

Deno.test("bringUp() stops what it started when a part fails, the last first", async () => {
  const diary: string[] = [];
  const parts = [new FakePart("Server", diary), new FakePart("Agent", diary, { fails: true })];
  const { error } = await bring(parts);
  assert.equal(error, "Error: Cannot start Agent");
  assert.deepEqual(diary, ["start Server", "start Agent", "stop Agent", "stop Server"]);
});

Deno.test("bringUp() leaves alone what ran before, also when a part fails", async () => {
  const diary: string[] = [];
  const server = new FakePart("Server", diary, { runs: true });
  await bring([server, new FakePart("Agent", diary, { fails: true })]);
  assert.deepEqual(diary, ["start Agent", "stop Agent"]);
  assert.ok(server.running());
});

Deno.test("bringUp() stops what it started when it is interrupted", async () => {
  const diary: string[] = [];
  const interrupt = new AbortController();
  const server = new FakePart("Server", diary);
  const start = server.start.bind(server);
  server.start = () => {
    interrupt.abort(new Error("Interrupted"));
    return start();
  };
  const { error } = await bring([server, new FakePart("Agent", diary)], interrupt.signal);
  assert.equal(error, "Error: Interrupted");
  assert.deepEqual(diary, ["start Server", "stop Server"]);
});
