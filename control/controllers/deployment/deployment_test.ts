import assert from "node:assert/strict";
import type { Deployment } from "../../../shared/api/apps/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { isActive, isReady } from "../pods/pod_state.ts";
import { replicaSetController } from "../replica_set.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { makeReady, templateOf } from "../testing/objects.ts";
import { deploymentController } from "./deployment.ts";

const ref = { namespace: "shop", name: "web" };

async function setup(edit: (deployment: Deployment) => void = () => {}) {
  const cluster = new FakeCluster();
  const deployment: Deployment = {
    kind: "Deployment",
    apiVersion: "apps/v1",
    metadata: { ...ref, annotations: { owner: "me" } },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: "web" } },
      template: templateOf("web"),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      progressDeadlineSeconds: 600,
    },
  };
  edit(deployment);
  await cluster.create(resources.deployments, deployment);
  await cluster.run(deploymentController, replicaSetController);
  const pods = () => cluster.all(resources.pods).filter(isActive);
  /** Makes one pod after another ready until nothing moves; checks the bounds of the rollout on the way. */
  const settleRollout = async (bounds?: { most: number; least: number }) => {
    for (let i = 0; i < 60; i++) {
      if (bounds) {
        assert(pods().length <= bounds.most, `${pods().length} pods at once`);
        const ready = pods().filter(isReady).length;
        assert(ready >= bounds.least, `${ready} pods available`);
      }
      const next = pods().find((pod) => !isReady(pod));
      if (!next) return;
      cluster.change(resources.pods, next.metadata as typeof ref, (pod) => {
        makeReady(pod, timestamp(cluster.clock.now()));
      });
      await cluster.quiet();
    }
    assert.fail("the rollout does not end");
  };
  const now = () => cluster.all(resources.deployments)[0]!;
  const sets = () =>
    cluster.all(resources.replicasets).map(({ metadata, spec }) =>
      `${metadata.annotations!["deployment.kubernetes.io/revision"]}: ${spec.replicas}`
    ).sort();
  const conditions = () =>
    Object.fromEntries((now().status!.conditions ?? []).map((c) => [c.type, c.reason]));
  const image = (image: string) =>
    cluster.change(resources.deployments, ref, (d) => {
      d.spec.template.spec!.containers[0]!.image = image;
      d.metadata.generation!++;
    });
  return { cluster, pods, settleRollout, now, sets, conditions, image };
}

Deno.test("deployment makes a replica set and reports when it is available", async () => {
  const { cluster, settleRollout, now, sets, conditions } = await setup();
  assert.deepEqual(sets(), ["1: 4"]);
  const [set] = cluster.all(resources.replicasets);
  const hash = set!.metadata.labels!["pod-template-hash"]!;
  assert.equal(set!.metadata.name, `web-${hash}`);
  assert.equal(set!.spec.selector.matchLabels!["pod-template-hash"], hash);
  assert.equal(set!.metadata.annotations!.owner, "me");
  assert.equal(set!.metadata.annotations!["deployment.kubernetes.io/max-replicas"], "5");
  assert.deepEqual(conditions(), {
    Available: "MinimumReplicasUnavailable",
    Progressing: "ReplicaSetUpdated",
  });
  await settleRollout();
  assert.deepEqual(conditions(), {
    Available: "MinimumReplicasAvailable",
    Progressing: "NewReplicaSetAvailable",
  });
  const { replicas, readyReplicas, availableReplicas, updatedReplicas, observedGeneration } = now()
    .status!;
  assert.deepEqual([replicas, readyReplicas, availableReplicas, updatedReplicas], [4, 4, 4, 4]);
  assert.equal(observedGeneration, now().metadata.generation);
  assert.equal(now().metadata.annotations!["deployment.kubernetes.io/revision"], "1");
  assert(cluster.events.includes(
    `Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 4`,
  ));
  const { length } = cluster.writes;
  await cluster.advance(700_000);
  assert.equal(cluster.writes.length, length, "a finished rollout writes nothing");
  cluster.stop();
});

Deno.test("deployment rolls over within its bounds, and back to an old template", async () => {
  const { settleRollout, sets, image, now, cluster, conditions } = await setup();
  await settleRollout();
  image("web:2");
  await cluster.quiet();
  await settleRollout({ most: 5, least: 3 });
  assert.deepEqual(sets(), ["1: 0", "2: 4"]);
  assert.equal(conditions().Progressing, "NewReplicaSetAvailable");
  image("web:1");
  await cluster.quiet();
  await settleRollout({ most: 5, least: 3 });
  assert.deepEqual(sets(), ["2: 0", "3: 4"]);
  assert.equal(now().metadata.annotations!["deployment.kubernetes.io/revision"], "3");
  cluster.stop();
});

Deno.test("deployment with Recreate stops every old pod before it starts a new one", async () => {
  const { cluster, pods, settleRollout, sets, image } = await setup((d) => {
    d.spec.strategy = { type: "Recreate" };
  });
  await settleRollout();
  cluster.gracefulPods = true;
  const old = cluster.all(resources.pods).map(({ metadata }) => metadata as typeof ref);
  image("web:2");
  await cluster.quiet();
  assert.deepEqual(pods(), []);
  assert.deepEqual(sets(), ["1: 0"]);
  for (const pod of old) await cluster.delete(resources.pods, pod, { gracePeriodSeconds: 0 });
  await cluster.quiet();
  assert.deepEqual(sets(), ["1: 0", "2: 4"]);
  cluster.stop();
});

Deno.test("deployment scales in the middle of a rollout in proportion", async () => {
  const { cluster, sets, image, settleRollout } = await setup((d) => {
    d.spec.replicas = 10;
    d.spec.strategy!.rollingUpdate = { maxSurge: 3, maxUnavailable: 2 };
  });
  await settleRollout();
  image("web:2");
  await cluster.quiet();
  assert.deepEqual(sets(), ["1: 8", "2: 5"]);
  cluster.change(resources.deployments, ref, (d) => void (d.spec.replicas = 15));
  await cluster.quiet();
  assert.deepEqual(sets(), ["1: 11", "2: 7"]);
  await settleRollout();
  assert.deepEqual(sets(), ["1: 0", "2: 15"]);
  cluster.stop();
});

Deno.test("a paused deployment scales but does not roll out", async () => {
  const { cluster, sets, image, settleRollout, conditions } = await setup();
  await settleRollout();
  cluster.change(resources.deployments, ref, (d) => void (d.spec.paused = true));
  image("web:2");
  await cluster.quiet();
  assert.equal(conditions().Progressing, "DeploymentPaused");
  cluster.change(resources.deployments, ref, (d) => void (d.spec.replicas = 2));
  await cluster.quiet();
  assert.deepEqual(sets(), ["1: 2"]);
  cluster.change(resources.deployments, ref, (d) => void (d.spec.paused = false));
  await cluster.quiet();
  await settleRollout();
  assert.deepEqual(sets(), ["1: 0", "2: 2"]);
  cluster.stop();
});

Deno.test("deployment says when a rollout is overdue, without any event", async () => {
  const { cluster, image, settleRollout, conditions } = await setup();
  await settleRollout();
  image("broken");
  await cluster.quiet();
  assert.equal(conditions().Progressing, "ReplicaSetUpdated");
  await cluster.advance(602_000);
  assert.equal(conditions().Progressing, "ProgressDeadlineExceeded");
  cluster.stop();
});

Deno.test("deployment keeps as many old revisions as it is told", async () => {
  const { cluster, image, settleRollout, sets } = await setup((d) => {
    d.spec.revisionHistoryLimit = 1;
    d.spec.replicas = 1;
  });
  for (const tag of ["2", "3", "4"]) {
    await settleRollout();
    image(`web:${tag}`);
    await cluster.quiet();
  }
  await settleRollout();
  assert.deepEqual(sets(), ["3: 0", "4: 1"]);
  cluster.stop();
});
