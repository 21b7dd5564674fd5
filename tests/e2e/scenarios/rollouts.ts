import assert from "node:assert/strict";
import { eventually, run } from "../harness/command.ts";
import type { Kubectl, Loose } from "../harness/kubectl.ts";
import type { Scenarios } from "../harness/scenario.ts";
import { Background } from "../harness/background.ts";

/** Deployments that grow, change and go back. */
export const rollouts: Scenarios = {
  "scale adds and takes away pods": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.rolledOut("deployment/web");
    await kubectl.do(["scale", "deployment/web", "--replicas=4"]);
    await kubectl.until("deployment/web", ".status.readyReplicas", "4");
    await kubectl.do(["scale", "deployment/web", "--replicas=1", "--current-replicas=4"]);
    await eventually("one pod is left", async () => (await podsOf(kubectl)).length === 1);
    assert.match(await kubectl.do(["get", "deployment", "web"]), /web +1\/1 +1 +1 /);
  },

  "a deleted pod of a Deployment is replaced": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.rolledOut("deployment/web");
    const [first] = await podsOf(kubectl);
    await kubectl.do(["delete", "pod", first!.metadata.name]);
    await kubectl.rolledOut("deployment/web");
    const names = (await podsOf(kubectl)).map(({ metadata }) => metadata.name);
    assert.equal(names.length, 2);
    assert.ok(!names.includes(first!.metadata.name));
  },

  "a DaemonSet has a pod on each node, and drain leaves only that": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("daemon_set");
    await kubectl.applyTestdata("web");
    await kubectl.rolledOut("daemonset/agent");
    await kubectl.rolledOut("deployment/web");
    const [{ name }] = cluster.nodes;
    const on = async () => {
      const { items } = await kubectl.get<{ items: Loose[] }>("pods");
      return items.filter(({ spec }) => spec.nodeName === name).map(({ metadata }) =>
        metadata.name
      );
    };
    assert.match((await on()).sort().join(), /^agent-\w+,web-[\w-]+$/);
    try {
      await kubectl.do(["drain", name, "--ignore-daemonsets", "--force", "--timeout=40s"]);
      assert.match((await on()).join(), /^agent-\w+$/);
      assert.match(await kubectl.do(["get", "node", name]), /Ready,SchedulingDisabled/);
      await kubectl.rolledOut("deployment/web");
    } finally {
      await kubectl.do(["uncordon", name]);
    }
  },

  "rollout restart, status, history and undo": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.rolledOut("deployment/web");
    const before = (await podsOf(kubectl)).map(({ metadata }) => metadata.uid);
    await kubectl.do(["rollout", "restart", "deployment/web"]);
    assert.match(await kubectl.rolledOut("deployment/web"), /successfully rolled out/);
    const after = (await podsOf(kubectl)).filter(({ metadata }) => !metadata.deletionTimestamp);
    assert.ok(after.every(({ metadata }) => !before.includes(metadata.uid)));
    const env = ".spec.template.spec.containers[0].env[0].value";
    await kubectl.do(["set", "env", "deployment/web", "VERSION=3"]);
    await kubectl.rolledOut("deployment/web");
    assert.equal(await kubectl.field("deployment/web", env), "3");
    await kubectl.do(["rollout", "undo", "deployment/web"]);
    await kubectl.rolledOut("deployment/web");
    assert.equal(await kubectl.field("deployment/web", env), "");
    const history = await kubectl.do(["rollout", "history", "deployment/web"]);
    assert.deepEqual(history.match(/^\d+/gm), ["1", "3", "4"], history);
  },

  "a Service under load loses no request while its Deployment rolls": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.rolledOut("deployment/web");
    const address = await kubectl.field("service/web", ".spec.clusterIP");
    const url = `http://${address}/`;
    const script = new URL("../harness/load.ts", import.meta.url).pathname;
    const [a, b] = cluster.nodes;
    for (const node of cluster.nodes) {
      await eventually(`${url} answers on ${node.name}`, async () => {
        return (await run(node.inside("timeout", "2", "busybox", "wget", "-qO-", url))).code === 0;
      });
    }
    await using fromA = new Background(
      a.inside(Deno.execPath(), "run", "--allow-net", script, url),
    );
    await using fromB = new Background(
      b.inside(Deno.execPath(), "run", "--allow-net", script, url),
    );
    await Promise.all([fromA.says(/loading/), fromB.says(/loading/)]);
    await kubectl.do(["rollout", "restart", "deployment/web"]);
    await kubectl.rolledOut("deployment/web");
    await eventually("the old pods are gone", async () => (await podsOf(kubectl)).length === 2);
    for (const load of [fromA, fromB]) {
      const text = await load.finish();
      const { answered, failed, reasons } = JSON.parse(text.trim().split("\n").at(-1)!);
      console.log(`during the rollout: ${answered} answered, ${failed} failed`);
      assert.equal(failed, 0, JSON.stringify(reasons));
      assert.ok(answered > 100, `${answered}`);
    }
  },
};

async function podsOf(kubectl: Kubectl): Promise<readonly Loose[]> {
  return (await kubectl.get<{ items: Loose[] }>("pods", "-l", "app=web")).items;
}
