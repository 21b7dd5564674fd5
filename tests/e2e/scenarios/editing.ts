import assert from "node:assert/strict";
import { eventually } from "../harness/command.ts";
import type { Scenarios } from "../harness/scenario.ts";

/** Objects changed by hand. */
export const editing: Scenarios = {
  "merge, strategic and JSON patches change a Deployment each in its way": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    const patch = (type: string, body: unknown) =>
      kubectl.do(["patch", "deployment", "web", `--type=${type}`, "-p", JSON.stringify(body)]);
    await patch("merge", { metadata: { labels: { by: "merge" } }, spec: { replicas: 1 } });
    const container = { name: "web", env: [{ name: "A", value: "1" }] };
    await patch("strategic", { spec: { template: { spec: { containers: [container] } } } });
    await patch("json", [
      { op: "test", path: "/metadata/labels/by", value: "merge" },
      {
        op: "add",
        path: "/spec/template/spec/containers/0/env/-",
        value: { name: "B", value: "2" },
      },
    ]);
    const { metadata, spec } = await kubectl.get("deployment", "web");
    const [web] = spec.template.spec.containers;
    assert.deepEqual([(metadata as { labels?: unknown }).labels, spec.replicas], [
      { by: "merge" },
      1,
    ]);
    assert.deepEqual(web.env, [{ name: "A", value: "1" }, { name: "B", value: "2" }]);
    assert.equal(web.image, "localhost/coracle-e2e:1", "the strategic patch kept the rest");
    const test = [{ op: "test", path: "/spec/replicas", value: 5 }];
    const failed = await kubectl.run(
      ["patch", "deployment", "web", "--type=json", "-p", JSON.stringify(test)],
    );
    assert.equal(failed.code, 1);
    await kubectl.rolledOut("deployment/web");
  },

  "server-side apply owns fields, and tells others that they are taken": async (cluster) => {
    await using kubectl = await cluster.namespace();
    const map = (color: string) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "shared" },
        data: { color },
      });
    const apply = (color: string, ...more: string[]) =>
      kubectl.run(["apply", "--server-side", ...more, "-f", "-"], { stdin: map(color) });
    assert.match((await apply("red", "--field-manager=one")).stdout, /serverside-applied/);
    const refused = await apply("blue", "--field-manager=two");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /conflict with "one": \.data\.color/);
    assert.equal(
      (await apply("blue", "--field-manager=two", "--force-conflicts")).code,
      0,
    );
    assert.equal(await kubectl.field("configmap/shared", ".data.color"), "blue");
    const { metadata } = await kubectl.get("configmap", "shared", "--show-managed-fields");
    const { managedFields } = metadata as unknown as { managedFields: { manager: string }[] };
    assert.ok(managedFields.some(({ manager }) => manager === "two"));
  },

  "kubectl diff, label, annotate, replace and edit do what they say": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.do(["create", "configmap", "notes", "--from-literal=greeting=hello-there"]);
    await kubectl.do(["label", "configmap", "notes", "kind=note"]);
    await kubectl.do(["annotate", "configmap", "notes", "why=test"]);
    assert.match(await kubectl.do(["get", "configmap", "-l", "kind=note"]), /^notes +1 /m);
    const sed = "sed -i s/hello-there/edited/";
    const edited = await kubectl.run(["edit", "configmap", "notes"], { env: { KUBE_EDITOR: sed } });
    assert.match(edited.stdout, /configmap\/notes edited/, edited.stderr);
    assert.equal(await kubectl.field("configmap/notes", ".data.greeting"), "edited");
    const found = await kubectl.get("configmap", "notes");
    const stdin = JSON.stringify({ ...found, data: { b: "2" } });
    const diff = await kubectl.run(["diff", "-f", "-"], { stdin });
    assert.equal(diff.code, 1, diff.stderr);
    await kubectl.do(["replace", "-f", "-"], { stdin });
    assert.equal(await kubectl.field("configmap/notes", ".data"), '{"b":"2"}');
    const stale = await kubectl.run(["replace", "-f", "-"], { stdin });
    assert.match(stale.stderr, /the object has been modified/);
  },

  "delete waits until a pod is gone, and a namespace takes everything in it along": async (
    cluster,
  ) => {
    const kubectl = await cluster.namespace();
    await kubectl.applyTestdata("shell");
    await kubectl.applyTestdata("web");
    await kubectl.ready("shell");
    await kubectl.do(["delete", "pod", "shell"]);
    const gone = await kubectl.run(["get", "pod", "shell"]);
    assert.match(gone.stderr, /pods "shell" not found/);
    await cluster.kubectl.do(["delete", "namespace", kubectl.namespace, "--timeout=50s"]);
    await eventually("its pods are gone", async () => {
      const { stdout } = await cluster.kubectl.run(["get", "pods", "-A", "-o", "wide"]);
      return !stdout.includes(`${kubectl.namespace} `);
    });
  },
};
