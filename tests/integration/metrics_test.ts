import assert from "node:assert/strict";
import { Cluster } from "./cluster.ts";

const admin = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const pods = "/api/v1/namespaces/default/pods";

async function metricsOf(cluster: Cluster): Promise<string> {
  return await (await cluster.request("/metrics", { user: admin })).text();
}

Deno.test("the server counts requests, decisions, writes and objects under the reference's names", async () => {
  await using cluster = await Cluster.start({ components: false });
  await cluster.create({
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "a" },
    spec: { limits: [] },
  });
  await cluster.request(pods, { user: admin });
  await cluster.request(`${pods}/missing`, { user: admin });
  await cluster.request(pods, { headers: { authorization: "Bearer x" } });
  await cluster.request(pods);
  const text = await metricsOf(cluster);
  const place = 'group="",version="v1",resource="pods",subresource=""';
  const lines = [
    `apiserver_request_total{verb="LIST",dry_run="",${place},scope="namespace",component="apiserver",code="200"} 1`,
    `apiserver_request_total{verb="GET",dry_run="",${place},scope="resource",component="apiserver",code="404"} 1`,
    `apiserver_request_total{verb="LIST",dry_run="",${place},scope="namespace",component="apiserver",code="401"} 1`,
    `apiserver_request_total{verb="LIST",dry_run="",${place},scope="namespace",component="apiserver",code="403"} 1`,
    `apiserver_request_duration_seconds_count{verb="GET",dry_run="",${place},scope="resource",component="apiserver"} 1`,
    'authentication_attempts{result="failure"} 1',
    'authorization_attempts_total{result="no-opinion"} 1',
    'apiserver_resource_objects{group="",resource="limitranges"} 1',
    'apiserver_storage_objects{resource="deployments.apps"} 0',
    'etcd_requests_total{operation="create",group="",resource="limitranges"} 1',
    'apiserver_current_inflight_requests{request_kind="readOnly"} 1',
  ];
  const missing = lines.filter((line) => !text.split("\n").includes(line));
  assert.deepEqual(missing, []);
});

Deno.test("the server counts open watches, and no more once they have ended", async () => {
  await using cluster = await Cluster.start({ components: false });
  const watches = async () =>
    /apiserver_longrunning_requests\{verb="WATCH".*"pods".*\} (\d+)/.exec(await metricsOf(cluster))
      ?.[1];
  const [first, second] = await Promise.all(
    [1, 2].map(() => cluster.request(`${pods}?watch=true&timeoutSeconds=60`, { user: admin })),
  );
  const text = first!.text();
  assert.equal(await watches(), "2");
  await second!.body!.cancel();
  assert.equal(await watches(), "1");
  await cluster.advance(60_000);
  await text;
  assert.equal(await watches(), "0");
});
