import assert from "node:assert/strict";
import { resources } from "../../shared/client/resources.gen.ts";
import { standardLimits } from "../../control/server/flow_limits.ts";
import { Cluster } from "./cluster.ts";

const authenticated = "system:authenticated";
const admin = { name: "admin", groups: ["system:masters", authenticated] };
const scheduler = { name: "system:kube-scheduler", groups: [authenticated] };
const pods = "/api/v1/namespaces/default/pods";
const flooder = {
  name: "system:serviceaccount:default:flood",
  groups: ["system:serviceaccounts", "system:serviceaccounts:default", authenticated],
};

function smallCluster(): Promise<Cluster> {
  const limits = { ...standardLimits, maxReads: 20, maxWrites: 10 };
  return Cluster.start({ components: false, server: () => ({ limits }) });
}

Deno.test("a flood is served in part and refused in part, while health checks, leader election and administrators go on", async () => {
  await using cluster = await smallCluster();
  const lease = { namespace: "kube-system", name: "kube-scheduler" };
  await cluster.create({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: lease,
    spec: { holderIdentity: "a" },
  });
  const counts: Record<number, number> = {};
  const refusals: Response[] = [];
  const flood = Array.from({ length: 3000 }, async () => {
    const response = await cluster.request(pods, { user: flooder });
    counts[response.status] = (counts[response.status] ?? 0) + 1;
    if (response.status === 429) refusals.push(response);
    else await response.text();
  });
  const done = () => Object.values(counts).reduce((sum, count) => sum + count, 0);
  const client = cluster.clientAs(scheduler);
  const held = await client.get(resources.leases, lease);
  const election = await client.update(resources.leases, {
    ...held,
    spec: { ...held.spec, renewTime: "2026-01-01T00:00:00.000000Z" },
  });
  assert.equal(election.spec!.renewTime, "2026-01-01T00:00:00.000000Z");
  for (const path of ["/livez", "/readyz", "/healthz"]) {
    assert.equal((await cluster.request(path)).status, 200);
  }
  assert.equal((await cluster.request(pods, { user: admin })).status, 200);
  const before = done();
  await Promise.all(flood);
  assert.ok(before < 3000, "the flood was still under way");
  // One flow has six queues of fifty requests each; it may read nothing, but it was let through.
  assert.ok(counts[403]! >= 300 && counts[403]! < 400, JSON.stringify(counts));
  assert.equal(counts[429], 3000 - counts[403]!);
  const [refusal] = refusals;
  assert.equal(refusal!.headers.get("retry-after"), "1");
  assert.equal(await refusal!.text(), "Too many requests, please try again later.\n");
  const metrics = await (await cluster.request("/metrics", { user: admin })).text();
  assert.match(
    metrics,
    /apiserver_flowcontrol_rejected_requests_total\{priority_level="workload-low",flow_schema="service-accounts",reason="queue-full"\} \d{4}/,
  );
  assert.match(metrics, /apiserver_flowcontrol_nominal_limit_seats\{priority_level="system"\} 4\n/);
  assert.match(
    metrics,
    /apiserver_flowcontrol_current_executing_requests\{.*"service-accounts"\} 0\n/,
  );
});

Deno.test("a flood of one account leaves another of the same level its turn", async () => {
  await using cluster = await smallCluster();
  const flood = Array.from({ length: 500 }, () => cluster.request(pods, { user: flooder }));
  let ended = 0;
  for (const one of flood) void one.then(() => ended++);
  const other = { ...flooder, name: "system:serviceaccount:default:other" };
  const response = await cluster.request(pods, { user: other });
  assert.equal(response.status, 403);
  await Promise.all(flood);
  assert.ok(ended > 0);
});

Deno.test("every answer names the ids of its flow schema and priority level, refusals included", async () => {
  await using cluster = await smallCluster();
  const schema = await cluster.admin.get(resources.flowschemas, { name: "service-accounts" });
  const level = await cluster.admin.get(resources.prioritylevelconfigurations, {
    name: "workload-low",
  });
  const response = await cluster.request(pods, { user: flooder });
  assert.equal(response.status, 403);
  assert.equal(response.headers.get("x-kubernetes-pf-flowschema-uid"), schema.metadata.uid);
  assert.equal(response.headers.get("x-kubernetes-pf-prioritylevel-uid"), level.metadata.uid);
});

Deno.test("a flow schema that is made takes effect at once", async () => {
  await using cluster = await smallCluster();
  await cluster.create({
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: "mine" },
    spec: {
      priorityLevelConfiguration: { name: "system" },
      matchingPrecedence: 5,
      rules: [{
        subjects: [{ kind: "User", user: { name: flooder.name } }],
        resourceRules: [{
          verbs: ["*"],
          apiGroups: ["*"],
          resources: ["*"],
          namespaces: ["*"],
        }],
      }],
    },
  });
  await cluster.settle();
  const schema = await cluster.admin.get(resources.flowschemas, { name: "mine" });
  const response = await cluster.request(pods, { user: flooder });
  assert.equal(response.headers.get("x-kubernetes-pf-flowschema-uid"), schema.metadata.uid);
});

Deno.test("open watches hold no seats", async () => {
  await using cluster = await smallCluster();
  const watches = await Promise.all(
    Array.from({ length: 200 }, () => cluster.request(`${pods}?watch=true`, { user: scheduler })),
  );
  assert.ok(watches.every(({ status }) => status === 200));
  assert.equal((await cluster.request(pods, { user: scheduler })).status, 200);
  for (const { body } of watches) await body!.cancel();
});
