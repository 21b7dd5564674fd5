import assert from "node:assert/strict";
import { Background } from "../harness/background.ts";
import { eventually, run } from "../harness/command.ts";
import type { Kubectl, Loose } from "../harness/kubectl.ts";
import type { TestNode } from "../harness/node.ts";
import type { Scenarios } from "../harness/scenario.ts";

/** Parts of the cluster that die while others work. */
export const disruptions: Scenarios = {
  "an agent that is killed and started again restarts no container": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.applyTestdata("shell");
    await kubectl.rolledOut("deployment/web");
    await kubectl.ready("shell");
    const before = await containersOf(kubectl);
    for (const node of cluster.nodes) await node.stopAgent("SIGKILL");
    for (const node of cluster.nodes) {
      const page = await pageOf(kubectl, node);
      assert.equal((await run(page)).code, 0, "Services go on without the agent");
      cluster.startAgent(node);
    }
    await eventually("exec works again", async () => {
      const { code } = await kubectl.run(["exec", "shell", "--", "true"], { timeoutMs: 5_000 });
      return code === 0;
    });
    await Promise.all(cluster.nodes.map(({ name }) => renewedLease(kubectl, name)));
    // New work is the proof that the agent has taken everything up again.
    await kubectl.do(["run", "after", "--image=localhost/coracle-e2e:1", "--", "sleep", "1000"]);
    await kubectl.ready("after");
    await kubectl.do(["delete", "pod", "after", "--grace-period=1", "--wait=false"]);
    assert.deepEqual(await containersOf(kubectl, "after"), before);
  },

  "a server that is killed under writes has every write that it acknowledged": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await using watch = kubectl.start(
      "get",
      "configmaps",
      "--watch",
      "--output=name",
      "--request-timeout=0",
    );
    await watch.says(/kube-root-ca/);
    const before = await kubectl.get("configmaps");
    const acknowledged: string[] = [];
    let stop = false;
    const writer = async (letter: string) => {
      for (let count = 0; !stop; count++) {
        const name = `${letter}-${count}`;
        const literal = `--from-literal=n=${count}`;
        const { code } = await kubectl.run(["create", "configmap", name, literal], {
          timeoutMs: 10_000,
        });
        if (code === 0) acknowledged.push(name);
        else return;
      }
    };
    const writers = ["a", "b", "c", "d"].map(writer);
    await eventually("writes are under way", () => Promise.resolve(acknowledged.length >= 20));
    await cluster.stopServer("SIGKILL");
    stop = true;
    await Promise.all(writers);
    const start = performance.now();
    await cluster.startServer();
    console.log(`server ready again after ${Math.round(performance.now() - start)} ms`);
    const { items } = await kubectl.get<{ items: Loose[] }>("configmaps");
    const there = new Set(items.map(({ metadata }) => metadata.name));
    assert.deepEqual(acknowledged.filter((name) => !there.has(name)), []);
    // A watch goes on where it was, over the restart.
    const path = `/api/v1/namespaces/${kubectl.namespace}/configmaps?watch=true&timeoutSeconds=1` +
      `&resourceVersion=${before.metadata.resourceVersion}`;
    const events = (await kubectl.do(["get", "--raw", path])).trim().split("\n")
      .map((line) => JSON.parse(line) as { type: string; object: Loose })
      .filter(({ type }) => type === "ADDED");
    const told = new Set(events.map(({ object }) => object.metadata.name));
    assert.deepEqual(acknowledged.filter((name) => !told.has(name)), []);
    await using again = kubectl.start("get", "configmaps", "--watch-only", "--output=name");
    await eventually("a watch sees what is written after the restart", async () => {
      await kubectl.run(["create", "configmap", `after-${Math.random()}`]);
      return /configmap\/after-/.test(again.text);
    });
  },

  "a node whose agent stays away is not ready, its pods leave Services, and both come back": async (
    cluster,
  ) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.rolledOut("deployment/web");
    const before = await containersOf(kubectl);
    const [near, far] = cluster.nodes;
    const page = await pageOf(kubectl, near);
    await far.stopAgent("SIGKILL");
    const ready = '.status.conditions[?(@.type=="Ready")].status';
    await kubectl.until(`node/${far.name}`, ready, "Unknown", 45_000);
    const taints = await kubectl.field(`node/${far.name}`, ".spec.taints[*].key");
    assert.match(taints, /node\.kubernetes\.io\/unreachable/);
    await kubectl.until("deployment/web", ".status.readyReplicas", "1");
    const answers = await Promise.all(Array.from({ length: 10 }, () => run(page)));
    assert.equal(new Set(answers.map(({ stdout }) => stdout)).size, 1, "one pod is left");
    cluster.startAgent(far);
    await kubectl.until(`node/${far.name}`, ready, "True");
    await kubectl.until("deployment/web", ".status.readyReplicas", "2");
    assert.deepEqual(await containersOf(kubectl), before);
  },

  "pods go on and Services answer while the server is away": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.applyTestdata("crash");
    await kubectl.rolledOut("deployment/web");
    const before = await containersOf(kubectl, "crash");
    const page = await pageOf(kubectl, cluster.nodes[0]);
    await eventually("the Service answers", async () => (await run(page)).code === 0);
    await cluster.stopServer("SIGTERM");
    for (let count = 0; count < 20; count++) assert.equal((await run(page)).code, 0);
    await cluster.startServer();
    await kubectl.do(["scale", "deployment/web", "--replicas=3"]);
    await kubectl.until("deployment/web", ".status.readyReplicas", "3");
    const after = await containersOf(kubectl, "crash");
    for (const line of before) assert.ok(after.includes(line), `${line} runs on`);
    await using logs: Background = kubectl.start("logs", "-f", "deployment/web");
    await logs.says(/serving/);
  },
};

/** Every container as `pod id startedAt restarts`, apart from those of one pod. */
async function containersOf(kubectl: Kubectl, except = ""): Promise<string[]> {
  const { items } = await kubectl.get<{ items: Loose[] }>("pods");
  return items.filter(({ metadata }) => metadata.name !== except).map(({ metadata, status }) => {
    const [{ containerID, restartCount, state }] = status.containerStatuses;
    return [metadata.name, containerID, state.running?.startedAt, restartCount].join(" ");
  }).sort();
}

/** A command line that asks the Service `web` from a node. */
async function pageOf(kubectl: Kubectl, node: TestNode): Promise<string[]> {
  const address = await kubectl.field("service/web", ".spec.clusterIP");
  return node.inside("timeout", "3", "busybox", "wget", "-qO-", `http://${address}/`);
}

async function renewedLease(kubectl: Kubectl, node: string): Promise<void> {
  const leases = kubectl.in("kube-node-lease");
  const before = await leases.field(`lease/${node}`, ".spec.renewTime");
  await eventually(`${node} renews its lease`, async () => {
    return await leases.field(`lease/${node}`, ".spec.renewTime") !== before;
  });
}
