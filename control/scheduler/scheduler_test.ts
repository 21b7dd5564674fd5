import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { settle } from "../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { Nominations } from "./cache/nominations.ts";
import { PodInfo } from "./cache/pod_info.ts";
import { SchedulerCache } from "./cache/scheduler_cache.ts";
import { type Plugin, success } from "./framework.ts";
import { prioritySort } from "./plugins/priority_sort.ts";
import { profileOf } from "./profile.ts";
import { readSchedulerConfiguration } from "./configuration/read_configuration.ts";
import { feasibleNodesToFind, Placer } from "./schedule_one.ts";
import { Harness, makeNode, makePod } from "./testing/harness.ts";

async function withHarness(test: (harness: Harness) => Promise<void>, seed = 1): Promise<void> {
  const harness = new Harness(seed);
  await harness.start();
  try {
    await test(harness);
  } finally {
    await harness.stop();
  }
}

Deno.test("startScheduler() binds pods to nodes that fit and says why others wait", () =>
  withHarness(async (harness) => {
    await harness.add(
      makeNode("small", { cpu: "1" }),
      makeNode("big", { cpu: "8" }),
      makePod("a", { cpu: "2" }),
      makePod("huge", { cpu: "20" }),
    );
    assert.deepEqual(harness.placements(), { a: "big", huge: "" });
    const message = "0/2 nodes are available: 2 Insufficient cpu. " +
      "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    assert.equal(harness.whyWaiting("shop/huge"), message);
    assert.deepEqual(harness.events.toSorted(), [
      "Normal Scheduled Successfully assigned shop/a to big",
      `Warning FailedScheduling ${message}`,
    ]);
  }));

Deno.test("startScheduler() places each pod by the profile that it names", async () => {
  const configuration = readSchedulerConfiguration(`
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  plugins:
    filter: { disabled: [{ name: NodeUnschedulable }] }
    score: { disabled: [{ name: NodeResourcesBalancedAllocation }] }
  pluginConfig:
  - name: NodeResourcesFit
    args: { scoringStrategy: { type: MostAllocated } }
`);
  const harness = new Harness(1, configuration);
  await harness.start();
  await harness.add(
    makeNode("busy", { spec: { unschedulable: true } }),
    makeNode("idle"),
    makePod("there", { cpu: "2", memory: "8Gi", nodeName: "busy" }),
    makePod("spread", { cpu: "1" }),
    makePod("packed", { cpu: "1", schedulerName: "packing" }),
    makePod("foreign", { cpu: "1", schedulerName: "somebody" }),
  );
  const { spread, packed, foreign } = harness.placements();
  assert.deepEqual({ spread, packed, foreign }, { spread: "idle", packed: "busy", foreign: "" });
  await harness.stop();
});

Deno.test("startScheduler() waits for nodes, then places", () =>
  withHarness(async (harness) => {
    await harness.add(makePod("a"));
    assert.equal(harness.whyWaiting("shop/a"), "no nodes available to schedule pods");
    await harness.add(makeNode("n"));
    assert.deepEqual(harness.placements(), { a: "n" });
  }));

Deno.test("startScheduler() leaves pods of other schedulers, and counts them when bound", () =>
  withHarness(async (harness) => {
    await harness.add(
      makeNode("n", { cpu: "2" }),
      makePod("foreign", { schedulerName: "other" }),
      makePod("bound", { schedulerName: "other", cpu: "2", nodeName: "n" }),
      makePod("a", { cpu: "1" }),
    );
    assert.deepEqual(harness.placements(), { foreign: "", bound: "n", a: "" });
    harness.api.remove(resources.pods, "shop/bound");
    await settle();
    assert.deepEqual(harness.placements(), { foreign: "", a: "n" });
  }));

Deno.test("startScheduler() frees the room of pods that have ended", () =>
  withHarness(async (harness) => {
    await harness.add(
      makeNode("n", { cpu: "1" }),
      makePod("a", { cpu: "1" }),
      makePod("b", { cpu: "1" }),
    );
    assert.deepEqual(harness.placements(), { a: "n", b: "" });
    harness.api.edit(resources.pods, "shop/a", (pod) => pod.status = { phase: "Succeeded" });
    await settle();
    assert.deepEqual(harness.placements(), { a: "n", b: "n" });
  }));

Deno.test("startScheduler() writes a pod's condition only when it changes", () =>
  withHarness(async (harness) => {
    await harness.add(makeNode("n1", { cpu: "1" }), makePod("a", { cpu: "2" }));
    await harness.advance(5 * 60_000);
    const writes = () => harness.api.writes.filter((write) => write.startsWith("patch")).length;
    assert.equal(writes(), 1);
    assert.equal(harness.events.length, 2, "the event is told each time, and counted");
    await harness.add(makeNode("n2", { cpu: "1" }));
    assert.equal(writes(), 1, "this node helps nobody");
    await harness.advance(5 * 60_000);
    assert.equal(writes(), 2);
  }));

Deno.test("startScheduler() leaves gated pods until their gates are gone", () =>
  withHarness(async (harness) => {
    await harness.add(makeNode("n"), makePod("a", { schedulingGates: [{ name: "g" }] }));
    assert.deepEqual([harness.placements(), harness.api.writes], [{ a: "" }, []]);
    harness.api.edit(resources.pods, "shop/a", (pod) => delete pod.spec!.schedulingGates);
    await settle();
    assert.deepEqual(harness.placements(), { a: "n" });
  }));

Deno.test("startScheduler() binds again after a back-off when a binding fails", () =>
  withHarness(async (harness) => {
    let failures = 2;
    harness.api.refuse = (write) => {
      if (write.startsWith("bind") && failures-- > 0) {
        throw new StatusError("InternalError", "disk full");
      }
    };
    await harness.add(makeNode("n", { cpu: "1" }), makePod("a", { cpu: "1" }));
    assert.equal(
      harness.whyWaiting("shop/a"),
      'binding rejected: running Bind plugin "DefaultBinder": disk full',
    );
    await harness.advance(999);
    assert.equal(failures, 1);
    await harness.advance(1);
    assert.deepEqual([failures, harness.placements()], [0, { a: "" }]);
    await harness.advance(2000);
    assert.deepEqual(harness.placements(), { a: "n" });
  }));

Deno.test("startScheduler() gives the room of a failed binding to others", () =>
  withHarness(async (harness) => {
    harness.api.refuse = (write) => {
      if (write.startsWith("bind shop/a")) throw new StatusError("InternalError", "no");
    };
    await harness.add(
      makeNode("n", { cpu: "1" }),
      makePod("a", { cpu: "1" }),
      makePod("b", { cpu: "1" }),
    );
    assert.deepEqual(harness.placements(), { a: "", b: "n" });
  }));

Deno.test("startScheduler() does not give room away twice while a binding is on its way", () =>
  withHarness(async (harness) => {
    const answer = Promise.withResolvers<void>();
    harness.api.refuse = (write) => write.startsWith("bind shop/a") ? answer.promise : undefined;
    await harness.add(
      makeNode("n", { cpu: "1" }),
      makePod("a", { cpu: "1" }),
      makePod("b", { cpu: "1" }),
    );
    assert.deepEqual(harness.placements(), { a: "", b: "" });
    answer.resolve();
    await settle();
    assert.deepEqual(harness.placements(), { a: "n", b: "" });
  }));

Deno.test("startScheduler() drops a pod that is deleted while it is bound", () =>
  withHarness(async (harness) => {
    harness.api.refuse = (write) => {
      if (write.startsWith("bind shop/a")) harness.api.remove(resources.pods, "shop/a");
    };
    await harness.add(makeNode("n", { cpu: "1" }), makePod("a", { cpu: "1" }));
    await harness.advance(60_000);
    assert.deepEqual(harness.api.writes, ["bind shop/a n"]);
    await harness.add(makePod("b", { cpu: "1" }));
    assert.deepEqual(harness.placements(), { b: "n" });
  }));

Deno.test("startScheduler() preempts: nominates, marks and deletes victims, then binds", () =>
  withHarness(async (harness) => {
    harness.api.gracefulPods = true;
    await harness.add(makeNode("n", { cpu: "2" }), makePod("low", { cpu: "2", priority: 1 }));
    await harness.add(makePod("vip", { cpu: "2", priority: 100 }));
    const victim = harness.api.pod("shop/low");
    const condition = victim.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual([condition?.reason, condition?.message], [
      "PreemptionByScheduler",
      "default-scheduler: preempting to accommodate a higher priority pod",
    ]);
    assert.ok(victim.metadata.deletionTimestamp);
    assert.equal(harness.api.pod("shop/vip").status?.nominatedNodeName, "n");
    assert.ok(harness.events.includes("Normal Preempted Preempted by pod uid-vip on node n"));
    assert.equal(
      harness.whyWaiting("shop/vip"),
      "0/1 nodes are available: 1 Insufficient cpu. " +
        "preemption: found a potential placement for pod on node n, preempting 1 victims",
    );

    // Neither a smaller pod nor time takes the room, or another victim, meanwhile.
    await harness.add(makePod("thief", { cpu: "1", priority: 50 }));
    await harness.advance(5 * 60_000);
    assert.equal(harness.api.writes.filter((write) => write.startsWith("delete")).length, 1);
    harness.api.remove(resources.pods, "shop/low");
    await harness.advance(10_000);
    assert.deepEqual(harness.placements(), { vip: "n", thief: "" });
  }));

Deno.test("startScheduler() tries again when a victim cannot be deleted", () =>
  withHarness(async (harness) => {
    let refusals = 1;
    harness.api.refuse = (write) => {
      if (write.startsWith("delete") && refusals-- > 0) {
        throw new StatusError("InternalError", "no");
      }
    };
    await harness.add(makeNode("n", { cpu: "2" }), makePod("low", { cpu: "2", priority: 1 }));
    await harness.add(makePod("vip", { cpu: "2", priority: 100 }));
    await harness.advance(2000);
    assert.deepEqual(harness.placements(), { vip: "n" });
  }));

Deno.test("startScheduler() respects hard anti-affinity among pods placed in one burst", () =>
  withHarness(async (harness) => {
    const pods = Array.from({ length: 5 }, (_, index) =>
      makePod(`p${index}`, {
        metadata: { labels: { app: "web" } },
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{
              topologyKey: "kubernetes.io/hostname",
              labelSelector: { matchLabels: { app: "web" } },
            }],
          },
        },
      }));
    await harness.add(...["a", "b", "c"].map((name) => makeNode(name)), ...pods);
    const places = Object.values(harness.placements());
    assert.deepEqual(places.toSorted(), ["", "", "a", "b", "c"]);
    await harness.add(makeNode("d"));
    assert.deepEqual(Object.values(harness.placements()).toSorted(), ["", "a", "b", "c", "d"]);
  }));

function addWaitingClaim(harness: Harness): void {
  harness.api.put(resources.storageclasses, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local" },
    provisioner: "example.com/local",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  harness.api.put(resources.persistentvolumeclaims, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "shop", uid: "data" },
    spec: { storageClassName: "local" },
  });
}
const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];

Deno.test("startScheduler() binds a pod when the volumes made for its node are bound", () =>
  withHarness(async (harness) => {
    await harness.add(makeNode("n"), makePod("a", { volumes }));
    assert.match(harness.whyWaiting("shop/a")!, /persistentvolumeclaim "data" not found/);
    addWaitingClaim(harness);
    await harness.advance(1000);
    assert.deepEqual(harness.placements(), { a: "" });
    harness.api.edit(resources.persistentvolumeclaims, "shop/data", (claim) => {
      assert.equal(claim.metadata.annotations!["volume.kubernetes.io/selected-node"], "n");
      claim.metadata.annotations!["pv.kubernetes.io/bind-completed"] = "yes";
      claim.spec!.volumeName = "v";
    });
    await settle();
    assert.deepEqual(harness.placements(), { a: "n" });
  }));

Deno.test("startScheduler() gives up on volumes after ten minutes, and tries again", () =>
  withHarness(async (harness) => {
    await harness.add(makeNode("n"));
    addWaitingClaim(harness);
    await harness.add(makePod("a", { volumes }));
    await harness.advance(600_000);
    assert.equal(
      harness.whyWaiting("shop/a"),
      'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded',
    );
    const patches = harness.api.writes.filter((write) => write.includes("persistentvolumeclaims"));
    assert.equal(patches.length, 1);
    await harness.advance(1000);
    assert.equal(harness.api.writes.at(-1), "patch persistentvolumeclaims shop/data");
  }));

async function manyPlacements(seed: number): Promise<Record<string, string>> {
  let placements: Record<string, string> = {};
  await withHarness(async (harness) => {
    await harness.add(...Array.from({ length: 150 }, (_, n) => makeNode(`n${n}`)));
    await harness.add(...Array.from({ length: 600 }, (_, n) => makePod(`p${n}`, { cpu: "500m" })));
    while (Object.values(harness.placements()).includes("")) await harness.advance(0);
    placements = harness.placements();
  }, seed);
  return placements;
}

Deno.test("startScheduler() places alike from the same seed, and fills nodes evenly", async () => {
  const placements = await manyPlacements(7);
  assert.deepEqual(placements, await manyPlacements(7));
  assert.notDeepEqual(placements, await manyPlacements(8));
  const counts = new Map<string, number>();
  for (const node of Object.values(placements)) counts.set(node, (counts.get(node) ?? 0) + 1);
  assert.ok(Math.max(...counts.values()) <= 6, "600 pods over 150 nodes are 4 each");
});

for (const [nodes, want] of [[1, 1], [99, 99], [100, 100], [150, 100], [1000, 420], [9000, 450]]) {
  Deno.test(`feasibleNodesToFind() of ${nodes} nodes is ${want}`, () => {
    assert.equal(feasibleNodesToFind(nodes!), want);
  });
}

Deno.test("Placer looks at no more nodes than it needs, however many pods are placed", () => {
  const cache = new SchedulerCache();
  for (let n = 0; n < 1000; n++) cache.setNode(makeNode(`n${n}`));
  const calls = { filter: 0, score: 0 };
  const counting: Plugin = {
    name: "Counting",
    filter: () => (calls.filter++, success),
    score: () => (calls.score++, 0),
    bind: () => Promise.resolve(),
  };
  const placer = new Placer({
    profile: profileOf([prioritySort(), counting]),
    cluster: cache,
    nominations: new Nominations(),
    random: seededRandom(1).float,
  });
  const seen = new Set<string>();
  for (let n = 0; n < 200; n++) {
    const pod = new PodInfo(makePod(`p${n}`));
    const outcome = placer.place(pod);
    assert.ok(outcome.code === "Placed");
    cache.assume(pod, outcome.node);
    seen.add(outcome.node.name);
  }
  assert.deepEqual(calls, { filter: 200 * 420, score: 200 * 420 });
  assert.ok(seen.size > 150, "searches go on where the last one ended");
});

Deno.test("counts of spreading cost one test per pod and change, not per pod of the cluster", () => {
  const cache = new SchedulerCache();
  const node = cache.setNode(makeNode("n", { pods: 10_000 })).info;
  let tests = 0;
  const query = { key: "q", matches: () => (tests++, true) };
  for (let n = 0; n < 500; n++) {
    cache.count(query);
    cache.assume(new PodInfo(makePod(`p${n}`)), node);
  }
  assert.equal(cache.count(query).get(node), 500);
  assert.equal(tests, 500);
});
