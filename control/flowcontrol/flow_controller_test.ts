import assert from "node:assert/strict";
import type {
  FlowSchema,
  PriorityLevelConfiguration,
} from "../../shared/api/flowcontrol/v1/types.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { flowObjects } from "../bootstrap/standard_objects.ts";
import { readRequestInfo } from "../endpoints/request_info.ts";
import { mandatoryFlows } from "../server/flow_feed.ts";
import { FlowController } from "./flow_controller.ts";

const standard = {
  schemas: flowObjects().filter(({ kind }) => kind === "FlowSchema") as FlowSchema[],
  levels: flowObjects().filter(({ kind }) => kind !== "FlowSchema") as PriorityLevelConfiguration[],
};
const plain = { initialSeats: 1, finalSeats: 0, additionalMs: 0 };

function controller(seats = 600) {
  const clock = new FakeClock();
  const flows = new FlowController({ clock, seats, mandatory: mandatoryFlows() });
  flows.configure(standard);
  const level = (name: string) => [...flows.levels].find((level) => level.name === name)!;
  return { clock, flows, level };
}

const all = "system:authenticated";
const user = (name: string, ...groups: string[]) => ({ name, groups: [...groups, all] });
const node = user("system:node:a", "system:nodes");
const account = user(
  "system:serviceaccount:default:default",
  "system:serviceaccounts",
  "system:serviceaccounts:default",
);
const leases = "/apis/coordination.k8s.io/v1/namespaces";

const classes: readonly [
  title: string,
  who: typeof node,
  method: string,
  path: string,
  schema: string,
  level: string,
][] = [
  ["administrators", user("admin", "system:masters"), "GET", "/api/v1/pods", "exempt", "exempt"],
  [
    "health checks",
    { name: "system:anonymous", groups: ["system:unauthenticated"] },
    "GET",
    "/readyz",
    "probes",
    "exempt",
  ],
  ["parts of health checks", account, "GET", "/livez/etcd", "probes", "exempt"],
  [
    "leader election of the system",
    user("system:kube-scheduler"),
    "PUT",
    `${leases}/kube-system/leases/kube-scheduler`,
    "system-leader-election",
    "leader-election",
  ],
  [
    "heartbeats of nodes",
    node,
    "PUT",
    `${leases}/kube-node-lease/leases/a`,
    "system-node-high",
    "node-high",
  ],
  ["other requests of nodes", node, "GET", "/api/v1/namespaces/a/pods/b", "system-nodes", "system"],
  [
    "controllers",
    user("system:kube-controller-manager"),
    "GET",
    "/api/v1/pods",
    "kube-controller-manager",
    "workload-high",
  ],
  [
    "pods of the system",
    user("system:serviceaccount:kube-system:x", "system:serviceaccounts"),
    "GET",
    "/api/v1/pods",
    "kube-system-service-accounts",
    "workload-high",
  ],
  ["other pods", account, "GET", "/api/v1/pods", "service-accounts", "workload-low"],
  ["people", user("ada"), "GET", "/api/v1/pods", "global-default", "global-default"],
];
for (const [title, who, method, path, schema, level] of classes) {
  Deno.test(`FlowController classify() knows ${title}`, () => {
    const { flows } = controller();
    const found = flows.classify(who, readRequestInfo(method, path, new URLSearchParams()));
    assert.equal(found.name, schema);
    assert.equal(found.level.name, level);
  });
}

Deno.test("FlowController classify() falls back to catch-all, also if there are no objects at all", () => {
  const { flows } = controller();
  const info = readRequestInfo("GET", "/api/v1/pods", new URLSearchParams());
  assert.equal(flows.classify({ name: "x", groups: [] }, info).name, "catch-all");
  flows.configure({ schemas: [], levels: [] });
  assert.equal(flows.classify(user("ada"), info).name, "catch-all");
  assert.equal(flows.classify(user("admin", "system:masters"), info).name, "exempt");
});

Deno.test("FlowController configure() divides the seats by shares, as the reference does with 600", () => {
  const { flows } = controller();
  const nominal = Object.fromEntries([...flows.levels].map(({ name, nominal }) => [name, nominal]));
  assert.deepEqual(nominal, {
    "catch-all": 13,
    "exempt": 0,
    "global-default": 49,
    "leader-election": 25,
    "node-high": 98,
    "system": 74,
    "workload-high": 98,
    "workload-low": 245,
  });
});

Deno.test("FlowController lends the seats of idle levels to a busy one, and takes them back", async () => {
  const { clock, flows, level } = controller();
  const busy = level("workload-high");
  const before = busy.queues.limit;
  const tickets = Array.from(
    { length: 400 },
    (_, i) => busy.queues.start(plain, { schema: "s", distinguisher: String(i % 40) }),
  );
  clock.tick(10_000);
  flows.adjust();
  assert.ok(busy.queues.limit > before * 2, `${before} to ${busy.queues.limit}`);
  assert.ok(level("leader-election").queues.limit >= 25, "what is not lendable stays");
  for (const ticket of tickets) {
    if (typeof ticket === "string") continue;
    if (ticket.turn) await ticket.turn;
    ticket.finish();
  }
  for (let i = 0; i < 100; i++) {
    clock.tick(10_000);
    flows.adjust();
  }
  assert.ok(busy.queues.limit <= busy.upper);
  assert.ok(level("node-high").queues.limit >= level("node-high").lower);
});

Deno.test("FlowController keeps what waits when a level's object changes", async () => {
  const { flows, level } = controller(60);
  const low = level("workload-low").queues;
  const tickets = Array.from(
    { length: low.limit + 1 },
    () => low.start(plain, { schema: "s", distinguisher: "x" }),
  );
  const last = tickets.at(-1)!;
  assert.ok(typeof last !== "string" && last.turn);
  flows.configure({
    ...standard,
    levels: standard.levels.map((object) =>
      object.metadata.name !== "workload-low" ? object : {
        ...object,
        spec: {
          ...object.spec,
          limited: { ...object.spec.limited!, nominalConcurrencyShares: 1000 },
        },
      }
    ),
  });
  assert.equal(await last.turn, true);
});
