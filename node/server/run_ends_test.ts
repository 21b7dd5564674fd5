import assert from "node:assert/strict";
import { FakeClock, settle } from "../../shared/clock/fake_clock.ts";
import type { ContainerState, RuntimeEvent } from "../runtime/runtime_service.ts";
import { RunEnds } from "./run_ends.ts";

class FakeEvents {
  readonly running = new Set<string>();
  subscriptions = 0;
  #queue: RuntimeEvent[] = [];
  #wake = () => {};

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    this.subscriptions++;
    signal.addEventListener("abort", () => this.#wake());
    yield { type: "resync" };
    while (!signal.aborted) {
      const next = this.#queue.shift();
      if (next) yield next;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
    this.subscriptions--;
  }

  list(): Promise<ContainerState[]> {
    return Promise.resolve(
      [...this.running].map((id) => ({ id, state: "running" }) as ContainerState),
    );
  }

  end(id: string): void {
    this.running.delete(id);
    this.#queue.push({ type: "died", id, podUid: "" });
    this.#wake();
  }
}

Deno.test("RunEnds tells each container's end to those who wait for it, over one subscription", async () => {
  const runtime = new FakeEvents();
  runtime.running.add("a").add("b");
  const ends = new RunEnds(runtime, new FakeClock());
  const ended: string[] = [];
  const { signal } = new AbortController();
  for (const id of ["a", "a", "b"]) void ends.wait(id, signal).then(() => ended.push(id));
  await settle();
  assert.deepEqual([ended, runtime.subscriptions], [[], 1]);
  runtime.end("a");
  await settle();
  assert.deepEqual([ended, runtime.subscriptions], [["a", "a"], 1]);
  runtime.end("b");
  await settle();
  assert.deepEqual([ended, runtime.subscriptions], [["a", "a", "b"], 0]);
});

Deno.test("RunEnds notices a container that had ended before it was asked", async () => {
  const runtime = new FakeEvents();
  runtime.running.add("a");
  const ends = new RunEnds(runtime, new FakeClock());
  const { signal } = new AbortController();
  void ends.wait("a", signal);
  await settle();
  await ends.wait("gone", signal);
});

Deno.test("RunEnds lets go of who no longer waits", async () => {
  const runtime = new FakeEvents();
  runtime.running.add("a");
  const stop = new AbortController();
  const waiting = new RunEnds(runtime, new FakeClock()).wait("a", stop.signal);
  await settle();
  stop.abort();
  await waiting;
  await settle();
  assert.equal(runtime.subscriptions, 0);
});
