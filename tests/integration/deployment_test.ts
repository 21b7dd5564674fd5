import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { Cluster } from "./cluster.ts";
import { deploymentOf } from "./objects.ts";

const ref = { namespace: "default", name: "web" };

Deno.test("a Deployment is rolled out, scaled, updated and undone", async () => {
  await using cluster = await Cluster.start({ nodes: ["a", "b"] });
  await cluster.create(deploymentOf("web", 3));
  const deployment = () => cluster.admin.get(resources.deployments, ref);
  await cluster.until(
    "three pods are available",
    async () => (await deployment()).status?.availableReplicas === 3,
  );
});
