import assert from "node:assert/strict";
import { eventually } from "../harness/command.ts";
import type { Scenarios } from "../harness/scenario.ts";

/** What containers are given: volumes, environment, identity. */
export const configuration: Scenarios = {
  "a container gets its volumes and environment, filled in before it starts": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("volumes");
    await kubectl.ready("volumes");
    const sh = (script: string) =>
      kubectl.do(["exec", "volumes", "-c", "main", "--", "sh", "-c", script]);
    assert.equal(await sh("cat /shared/note"), "from the init container\n");
    assert.equal(await sh("cat /settings/file.txt /one.txt"), "from a config map".repeat(2));
    assert.equal(await sh("cat /password/password"), "open sesame");
    assert.equal((await sh("stat -L -c %a /password/password")).trim(), "400");
    assert.equal(await sh("cat /about/labels"), 'tier="back"');
    assert.equal(await sh("cat /all/the-color /all/password"), "blueopen sesame");
    assert.match(await sh("mount"), / on \/memory type tmpfs /);
    const ip = await kubectl.field("pod/volumes", ".status.podIP");
    assert.equal(
      await sh('echo "$PASSWORD|$COLOR|$CM_color|$POD|$IP|$LIMIT|$SENTENCE"'),
      `open sesame|blue|blue|volumes|${ip}|33554432|volumes is blue\n`,
    );
    const told = await kubectl.do(["get", "pod", "volumes"]);
    assert.match(told, /volumes +1\/1 +Running/);
  },

  "a change to a config map or a label reaches the volumes of a running pod": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("volumes");
    await kubectl.ready("volumes");
    const patch = JSON.stringify({ data: { "file.txt": "changed" } });
    await kubectl.do(["patch", "configmap", "settings", "-p", patch]);
    await kubectl.do(["label", "pod", "volumes", "tier=front", "--overwrite"]);
    await eventually("the new text is in the volumes", async () => {
      const files = ["/settings/file.txt", "/about/labels"];
      const { stdout } = await kubectl.run([
        "exec",
        "volumes",
        "-c",
        "main",
        "--",
        "cat",
        ...files,
      ]);
      return stdout === 'changedtier="front"';
    }, 90_000);
  },

  "a pod's service account lets it do by name and token what RBAC grants": async (cluster) => {
    await using kubectl = await cluster.namespace();
    const manifest = new URL("../../testdata/e2e/in_cluster.yaml", import.meta.url);
    const directory = cluster.kubectlProgram.replace(/\/[^/]*$/, "");
    const stdin = (await Deno.readTextFile(manifest)).replace("KUBECTL_DIRECTORY", directory);
    await kubectl.do(["apply", "-f", "-"], { stdin });
    await kubectl.ready("reader");
    const inside = (...args: string[]) =>
      kubectl.run(["exec", "reader", "--", "/tools/kubectl", ...args]);
    // By the environment and files that every pod has.
    const pods = await inside("get", "pods", "-o", "name");
    assert.equal(pods.stdout, "pod/reader\n", pods.stderr);
    const account = "/var/run/secrets/kubernetes.io/serviceaccount";
    const token = await kubectl.do(["exec", "reader", "--", "cat", `${account}/token`]);
    const byName = await inside(
      "--server=https://kubernetes.default.svc",
      `--certificate-authority=${account}/ca.crt`,
      `--token=${token}`,
      "get",
      "pods",
      "-o",
      "name",
    );
    assert.equal(byName.stdout, "pod/reader\n", byName.stderr);
    const refused = await inside("get", "secrets");
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /secrets is forbidden: User "system:serviceaccount:t\d+:reader" cannot list resource "secrets" in API group "" in the namespace "t\d+"/,
    );
  },
};
