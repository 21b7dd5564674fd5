import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { FakeClock, settle } from "../../shared/clock/fake_clock.ts";
import { FakeInformerSet } from "../../shared/informer/testing/fake_informer_set.ts";
import { silentLog } from "../../shared/log/log.ts";
import { FakeHost } from "../host/fake_host.ts";
import type { ProxyBackend } from "./backend.ts";
import type { ForwardingState } from "./forwarding_state.ts";
import { startProxy } from "./proxy.ts";
import { endpoint, service, slice } from "./tests/fixtures.ts";

/** Keeps what it is given; fails and forgets when told to. */
class FakeBackend implements ProxyBackend {
  readonly name = "iptables";
  readonly states: ForwardingState[] = [];
  fail = false;
  lost = false;
  attempts = 0;

  async apply(state: ForwardingState): Promise<void> {
    this.attempts++;
    if (this.fail) throw new Error("locked");
    this.states.push(state);
    this.lost = false;
  }

  async intact(): Promise<boolean> {
    return !this.lost;
  }

  async cleanup(): Promise<void> {}
}

async function start() {
  const informers = new FakeInformerSet();
  const clock = new FakeClock();
  const backend = new FakeBackend();
  const host = new FakeHost();
  const proxy = await startProxy({
    nodeName: "n1",
    nodeAddresses: [],
    clusterCidr: "10.42.0.0/16",
    informers,
    host,
    clock,
    log: silentLog,
    backend,
  });
  return { informers, clock, backend, host, proxy };
}

Deno.test("startProxy() applies nothing before all lists are in, then everything at once", async () => {
  const { informers, clock, backend, proxy } = await start();
  informers.put(resources.services, service());
  await clock.advance(5_000);
  assert.equal(backend.attempts, 0);
  informers.put(resources.endpointslices, slice([endpoint("10.42.0.2")]));
  informers.finishLists();
  await proxy.synced;
  assert.deepEqual(backend.states.map(({ ports }) => ports[0]!.cluster.length), [1]);
  await proxy.stop();
});

Deno.test("startProxy() gathers changes, but lets none wait for more than a second", async () => {
  const { informers, clock, backend, proxy } = await start();
  informers.put(resources.services, service());
  informers.finishLists();
  await proxy.synced;
  await settle();
  for (let i = 1; i <= 40; i++) {
    informers.put(resources.endpointslices, slice([endpoint(`10.42.0.${i}`)]));
    await clock.advance(30);
    if (i === 30) assert.equal(backend.states.length, 1);
  }
  assert.equal(backend.states.length, 2);
  await clock.advance(60);
  assert.equal(backend.states.length, 3);
  assert.equal(backend.states[2]!.ports[0]!.cluster[0]!.address, "10.42.0.40");
  await proxy.stop();
});

Deno.test("startProxy() backs off after failures and applies the newest state in the end", async () => {
  const { informers, clock, backend, proxy } = await start();
  backend.fail = true;
  informers.put(resources.services, service());
  informers.finishLists();
  await settle();
  assert.equal(backend.attempts, 1);
  informers.put(resources.endpointslices, slice([endpoint("10.42.0.2")]));
  await clock.advance(999);
  assert.equal(backend.attempts, 1, "a change does not shorten the wait");
  await clock.advance(3_001);
  assert.equal(backend.attempts, 3, "after 1 and 3 seconds");
  backend.fail = false;
  await clock.advance(4_000);
  await proxy.synced;
  assert.equal(backend.states[0]!.ports[0]!.cluster.length, 1);
  await proxy.stop();
});

Deno.test("startProxy() writes anew what somebody else removed", async () => {
  const { informers, clock, backend, proxy } = await start();
  informers.finishLists();
  await proxy.synced;
  await settle();
  await clock.advance(120_000);
  assert.equal(backend.attempts, 1);
  backend.lost = true;
  await clock.advance(60_000);
  assert.equal(backend.attempts, 2);
  await proxy.stop();
  assert.equal(clock.nextDue, undefined, "nothing is left to do");
});

Deno.test("startProxy() forgets UDP flows to endpoints that are gone", async () => {
  const { informers, clock, host, proxy } = await start();
  const udp = [{ name: "http", port: 53, protocol: "UDP" }];
  const to = (address: string) => slice([endpoint(address)], { ports: udp });
  informers.put(resources.services, service("web", {}, udp));
  informers.put(resources.endpointslices, to("10.42.0.2"));
  informers.finishLists();
  await proxy.synced;
  await settle();
  const first = "conntrack -D -f ipv4 -p udp --orig-dst 10.96.0.10 --orig-port-dst 53";
  assert.deepEqual(host.lines, [first]);
  informers.put(resources.endpointslices, to("10.42.0.3"));
  await clock.advance(60);
  assert.deepEqual(host.lines.slice(1), [`${first} --dst-nat 10.42.0.2`]);
  await proxy.stop();
});
