import assert from "node:assert/strict";
import { eventually, run } from "../harness/command.ts";
import type { Kubectl, Loose } from "../harness/kubectl.ts";
import type { Scenarios } from "../harness/scenario.ts";

/** Services, names and the way between nodes. */
export const services: Scenarios = {
  "pods on different nodes reach each other, and a Service spans both": async (cluster) => {
    await using kubectl = await setUp(await cluster.namespace());
    const { items } = await kubectl.get<{ items: Loose[] }>("pods", "-l", "app=web");
    const nodes = items.map(({ spec }) => spec.nodeName);
    assert.deepEqual(nodes.sort(), cluster.nodes.map(({ name }) => name).sort());
    for (const from of items) {
      for (const to of items) {
        const url = `http://${to.status.podIP}:8080/`;
        const page = await kubectl.do(
          ["exec", from.metadata.name, "--", "timeout", "3", "wget", "-qO-", url],
        );
        assert.equal(page.trim(), to.metadata.name);
      }
    }
    const names = items.map(({ metadata }) => metadata.name).sort();
    for (const node of cluster.nodes) {
      const address = await kubectl.field("service/web", ".spec.clusterIP");
      const seen = new Set<string>();
      await eventually(`both pods answer to ${node.name}`, async () => {
        const get = node.inside("timeout", "2", "busybox", "wget", "-qO-", `http://${address}/`);
        const { code, stdout } = await run(get);
        if (code === 0) seen.add(stdout.trim());
        return seen.size === 2;
      });
      assert.deepEqual([...seen].sort(), names);
    }
  },

  "a pod finds Services by their names": async (cluster) => {
    await using kubectl = await setUp(await cluster.namespace());
    await kubectl.applyTestdata("shell");
    await kubectl.ready("shell");
    const address = await kubectl.field("service/web", ".spec.clusterIP");
    const inside = (...command: string[]) => kubectl.run(["exec", "shell", "--", ...command]);
    const { namespace } = kubectl;
    for (const name of ["web", `web.${namespace}`, `web.${namespace}.svc.cluster.local`]) {
      const page = await eventually(`http://${name}/`, async () => {
        const { code, stdout } = await inside("timeout", "3", "wget", "-qO-", `http://${name}/`);
        return code === 0 && stdout;
      });
      assert.match(page, /^web-/);
    }
    const found = await inside("nslookup", `web.${namespace}.svc.cluster.local`);
    assert.match(found.stdout, new RegExp(`Address[^\\n]*: ${address}$`, "m"));
    const headless = await inside("nslookup", `web-headless.${namespace}.svc.cluster.local`);
    const { items } = await kubectl.get<{ items: Loose[] }>("pods", "-l", "app=web");
    for (const { status } of items) assert.match(headless.stdout, new RegExp(status.podIP));
    const none = await inside("nslookup", `nothing.${namespace}.svc.cluster.local`);
    assert.match(none.stdout + none.stderr, /NXDOMAIN|can't (find|resolve)/);
  },

  "a NodePort answers on every node": async (cluster) => {
    await using kubectl = await setUp(await cluster.namespace());
    const port = await kubectl.field("service/web", ".spec.ports[0].nodePort");
    for (const from of cluster.nodes) {
      for (const to of cluster.nodes) {
        const url = `http://${to.address}:${port}/`;
        await eventually(`${url} from ${from.name}`, async () => {
          return (await run(from.inside("timeout", "2", "busybox", "wget", "-qO-", url))).code ===
            0;
        });
      }
    }
  },

  "a pod that is not ready gets no requests": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("probes");
    await kubectl.ready("probed");
    const slices = ["endpointslices", "-l", "kubernetes.io/service-name=probed"];
    const isReady = async () => {
      const { items } = await kubectl.get<{ items: Loose[] }>(...slices);
      return items[0]?.endpoints?.[0]?.conditions?.ready as boolean | undefined;
    };
    await eventually("the endpoint is ready", isReady);
    await kubectl.do(["exec", "probed", "--", "mv", "/tmp/ready", "/tmp/not-ready"]);
    await eventually("the endpoint is not ready", async () => await isReady() === false);
    assert.match(await kubectl.do(["get", "pod", "probed"]), /0\/1 +Running/);
    const address = await kubectl.field("service/probed", ".spec.clusterIP");
    const [node] = cluster.nodes;
    const page = node.inside("timeout", "2", "busybox", "wget", "-qO-", `http://${address}/alive`);
    await eventually("the Service refuses", async () => {
      return /refused/.test((await run(page)).stderr);
    });
    await kubectl.do(["exec", "probed", "--", "mv", "/tmp/not-ready", "/tmp/ready"]);
    await eventually("the Service answers", async () => (await run(page)).code === 0);
  },
};

/** The two web pods and their Services. */
async function setUp<K extends Kubectl>(kubectl: K): Promise<K> {
  await kubectl.applyTestdata("web");
  await kubectl.rolledOut("deployment/web");
  return kubectl;
}
