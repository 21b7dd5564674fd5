import assert from "node:assert/strict";
import type { Lease } from "../api/coordination/v1/types.gen.ts";
import { FakeClock, settle } from "../clock/fake_clock.ts";
import { seededRandom } from "../clock/random.ts";
import { silentLog } from "../log/log.ts";
import { StatusError } from "../meta/status_error.ts";
import type { Client } from "./client.ts";
import { leaderElection } from "./leader_election.ts";

class LeaseServer {
  lease: Lease | undefined;
  down = new Set<string>();
  #version = 0;

  clientOf(identity: string): Client {
    const up = () => {
      if (this.down.has(identity)) throw new Error("no answer");
    };
    return {
      find: async () => {
        up();
        return this.lease && structuredClone(this.lease);
      },
      create: async (_: unknown, lease: Lease) => {
        up();
        if (this.lease) throw new StatusError("AlreadyExists", "exists");
        return this.#store(lease);
      },
      update: async (_: unknown, lease: Lease) => {
        up();
        if (lease.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
          throw new StatusError("Conflict", "changed");
        }
        return this.#store(lease);
      },
    } as unknown as Client;
  }

  #store(lease: Lease): Lease {
    this.lease = structuredClone(lease);
    this.lease.metadata.resourceVersion = String(++this.#version);
    return structuredClone(this.lease);
  }
}

function setup() {
  const server = new LeaseServer();
  const clock = new FakeClock();
  const leaders = new Set<string>();
  const stops = new Map<string, AbortController>();
  const run = (identity: string) => {
    const stop = new AbortController();
    stops.set(identity, stop);
    return leaderElection(server.clientOf(identity), {
      clock,
      random: seededRandom(identity.length),
      log: silentLog,
      namespace: "kube-system",
      name: "x",
      identity,
      signal: stop.signal,
    }, async (signal) => {
      leaders.add(identity);
      assert.equal(leaders.size, 1, "two leaders at once");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      leaders.delete(identity);
    });
  };
  return { server, clock, leaders, stops, run };
}

Deno.test("leaderElection() has one leader, and another after it was silent for the lease's time", async () => {
  const { server, clock, leaders, stops, run } = setup();
  const both = [run("a"), run("bb")];
  await settle();
  await clock.advance(60_000);
  const [first] = [...leaders];
  assert.equal(leaders.size, 1);
  server.down.add(first!);
  await clock.advance(9_000);
  assert.deepEqual([...leaders], [first]);
  await clock.advance(3_000);
  assert.deepEqual([...leaders], [], "a leader that cannot renew must stop before its lease ends");
  await clock.advance(10_000);
  assert.equal(leaders.size, 1);
  assert.notEqual([...leaders][0], first);
  assert.equal(server.lease!.spec!.leaseTransitions, 1);
  for (const stop of stops.values()) stop.abort();
  await clock.advance(5_000);
  await Promise.all(both);
});

Deno.test("leaderElection() gives the lease up when it ends", async () => {
  const { server, clock, leaders, stops, run } = setup();
  const a = run("a");
  await settle();
  const b = run("bb");
  await clock.advance(3_000);
  assert.deepEqual([...leaders], ["a"]);
  stops.get("a")!.abort();
  await a;
  assert.equal(server.lease!.spec!.holderIdentity, "");
  await clock.advance(3_000);
  assert.deepEqual([...leaders], ["bb"]);
  stops.get("bb")!.abort();
  await b;
});
