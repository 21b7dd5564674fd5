/**
 * Creates a Deployment whose pods do nothing and waits until all are available: `rest_pods.ts KUBECONFIG IMAGE COUNT`, run
 * inside the network namespace of the cluster's machine.
 *
 * @module
 */
import { connect } from "../../cli/cluster/api.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { eventually } from "../e2e/harness/command.ts";
import { deploymentOf } from "../integration/objects.ts";

const [kubeconfig = "", image = "", count = ""] = Deno.args;
const { client, transport } = connect(kubeconfig);
const spec = { terminationGracePeriodSeconds: 1 };
const deployment = deploymentOf("rest", Number(count), { image, spec });
const ref = { namespace: "default", name: "rest" };
const [container] = deployment.spec!.template.spec!.containers;
container!.command = ["httpd", "-f", "-p", "8080", "-h", "/www"];
container!.imagePullPolicy = "Never";
await client.create(resources.deployments, {
  ...deployment,
  metadata: { ...deployment.metadata, ...ref },
});
await eventually("every pod available", async () => {
  const { status } = await client.get(resources.deployments, ref);
  return status?.availableReplicas === Number(count);
}, 120_000);
transport.close();
