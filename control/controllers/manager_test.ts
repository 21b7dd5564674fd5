import assert from "node:assert/strict";
import { FakeClock, settle } from "../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import type { Client } from "../../shared/client/client.ts";
import type { InformerSet } from "../../shared/informer/informer.ts";
import { type Log, silentLog } from "../../shared/log/log.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { type ControllerContext, type ControllerDefinition, done } from "./controller.ts";
import { type ControllerRun, runControllers } from "./manager.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";

function setup(synced: Promise<void> = Promise.resolve()) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const runs: ControllerRun[] = [];
  const accounts: string[] = [];
  const logged: string[] = [];
  const informers = { synced: () => synced } as unknown as InformerSet;
  const log: Log = { ...silentLog, error: (message) => logged.push(message), with: () => log };
  const start = (...definitions: ControllerDefinition[]) =>
    runControllers(definitions, {
      clientFor: (account) => {
        accounts.push(account);
        return {} as Client;
      },
      informers,
      metadataInformers: informers,
      clock,
      random: seededRandom(1),
      log,
      config: new FakeCluster().config,
      signal: stop.signal,
      observe: (run) => runs.push(run),
    });
  return { clock, stop, runs, accounts, logged, start };
}

function definition(
  reconcile: (key: string, context: ControllerContext) => Promise<void>,
  workers = 1,
): ControllerDefinition {
  return {
    name: "test",
    account: "test-controller",
    workers,
    setup: (context) => {
      context.enqueue("a");
      context.enqueue("b");
      return async (key) => {
        await reconcile(key, context);
        return done;
      };
    },
  };
}

Deno.test("runControllers() waits for informers, acts as the account and ends when told", async () => {
  const sync = Promise.withResolvers<void>();
  const { stop, accounts, start } = setup(sync.promise);
  const keys: string[] = [];
  const running = start(definition(async (key) => void keys.push(key)));
  await settle();
  assert.deepEqual(keys, []);
  sync.resolve();
  await settle();
  assert.deepEqual(keys, ["a", "b"]);
  assert.deepEqual(accounts, ["test-controller"]);
  stop.abort();
  await running;
});

Deno.test("runControllers() tries failures again after a growing pause, and logs lost races quietly", async () => {
  const { clock, stop, runs, logged, start } = setup();
  const tries = { a: 0, b: 0 };
  const running = start(definition(async (key) => {
    const count = ++tries[key as "a" | "b"];
    if (key === "a" && count <= 3) throw new Error("broken");
    if (key === "b" && count === 1) throw new StatusError("Conflict", "changed");
    if (key === "b" && count === 2) {
      throw new StatusError("NotFound", "gone", { details: { name: "b" } });
    }
    if (key === "b" && count === 3) {
      const causes = [{ reason: "NamespaceTerminating" }];
      throw new StatusError("Forbidden", "its namespace goes", { details: { causes } });
    }
  }));
  await settle();
  assert.deepEqual(tries, { a: 1, b: 1 });
  await clock.advance(5 + 10 + 20);
  assert.deepEqual(tries, { a: 4, b: 4 });
  assert.deepEqual(logged, ["Reconcile failed", "Reconcile failed", "Reconcile failed"]);
  assert.equal(runs.filter(({ outcome }) => outcome === "error").length, 6);
  stop.abort();
  await running;
});

Deno.test("runControllers() works on different keys at once, never on one key twice", async () => {
  const { stop, start } = setup();
  const active = new Set<string>();
  let most = 0;
  const gate = Promise.withResolvers<void>();
  const running = start(definition(async (key, { enqueue }) => {
    assert(!active.has(key));
    active.add(key);
    most = Math.max(most, active.size);
    enqueue("a");
    await gate.promise;
    active.delete(key);
  }, 4));
  await settle();
  assert.equal(most, 2);
  stop.abort();
  gate.resolve();
  await running;
});
