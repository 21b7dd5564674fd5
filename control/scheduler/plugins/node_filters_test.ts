import assert from "node:assert/strict";
import type {
  NodeSelectorTerm,
  PodSpec,
  Taint,
  Toleration,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { PluginFactory } from "../framework.ts";
import { makeNode, makePod } from "../testing/harness.ts";
import { PluginFixture } from "../testing/plugin_fixture.ts";
import { nodeAffinity } from "./node_affinity.ts";
import { nodeDeclaredFeatures } from "./node_declared_features.ts";
import { nodeName } from "./node_name.ts";
import { nodePorts } from "./node_ports.ts";
import { nodeUnschedulable } from "./node_unschedulable.ts";
import { taintToleration } from "./taint_toleration.ts";

function verdict(make: PluginFactory, node: ReturnType<typeof makeNode>, spec: Partial<PodSpec>) {
  return new PluginFixture(make, { nodes: [node] }).verdicts(
    makePod("p", spec),
  )[node.metadata.name!];
}

Deno.test("NodeName filter() accepts the named node alone", () => {
  const nodes = [makeNode("a"), makeNode("b")];
  const fixture = new PluginFixture(nodeName, { nodes });
  const other = "! node(s) didn't match the requested node name";
  assert.deepEqual(fixture.verdicts(makePod("p", { nodeName: "a" })), { a: "", b: other });
  assert.deepEqual(fixture.verdicts(makePod("p")), { a: "", b: "" });
});

Deno.test("NodeDeclaredFeatures filter() asks for what the pod is made with", () => {
  const able = makeNode("able");
  able.status!.declaredFeatures = ["RestartAllContainersOnContainerExits"];
  const rule = { action: "RestartAllContainers", exitCodes: { operator: "In", values: [1] } };
  const containers = [{ name: "main", restartPolicy: "Never", restartPolicyRules: [rule] }];
  const lacking = "! node(s) didn't match Pod's required features";
  assert.equal(verdict(nodeDeclaredFeatures, able, { containers }), "");
  assert.equal(verdict(nodeDeclaredFeatures, makeNode("n"), { containers }), lacking);
  assert.equal(verdict(nodeDeclaredFeatures, makeNode("n"), {}), "");
  const host = { hostNetwork: true, hostUsers: false };
  assert.equal(verdict(nodeDeclaredFeatures, able, host), lacking);
});

Deno.test("NodeUnschedulable filter() refuses cordoned nodes unless that is tolerated", () => {
  const node = makeNode("n", { spec: { unschedulable: true } });
  assert.equal(verdict(nodeUnschedulable, node, {}), "! node(s) were unschedulable");
  const tolerations = [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }];
  assert.equal(verdict(nodeUnschedulable, node, { tolerations }), "");
});

const dedicated: Taint = { key: "dedicated", value: "db", effect: "NoSchedule" };
const tolerationCases: readonly { toleration: Toleration; tolerated: boolean }[] = [
  { toleration: { key: "dedicated", operator: "Equal", value: "db" }, tolerated: true },
  { toleration: { key: "dedicated", value: "db", effect: "NoSchedule" }, tolerated: true },
  { toleration: { key: "dedicated", value: "web" }, tolerated: false },
  { toleration: { key: "dedicated", operator: "Exists" }, tolerated: true },
  { toleration: { operator: "Exists" }, tolerated: true },
  { toleration: { key: "dedicated", operator: "Exists", effect: "NoExecute" }, tolerated: false },
  { toleration: { key: "other", operator: "Exists" }, tolerated: false },
];
for (const { toleration, tolerated } of tolerationCases) {
  Deno.test(`TaintToleration filter() with ${JSON.stringify(toleration)}`, () => {
    const node = makeNode("n", { spec: { taints: [dedicated] } });
    const want = tolerated ? "" : "! node(s) had untolerated taint(s)";
    assert.equal(verdict(taintToleration, node, { tolerations: [toleration] }), want);
  });
}

Deno.test("TaintToleration compares numbers with Lt and Gt", () => {
  const node = makeNode("n", { spec: { taints: [{ ...dedicated, value: "95" }] } });
  const with_ = (operator: string, value: string) =>
    verdict(taintToleration, node, { tolerations: [{ key: "dedicated", operator, value }] });
  assert.equal(with_("Gt", "90"), "");
  assert.equal(with_("Lt", "100"), "");
  assert.notEqual(with_("Gt", "95"), "");
});

Deno.test("TaintToleration score() prefers fewer soft taints", () => {
  const soft = (key: string): Taint => ({ key, effect: "PreferNoSchedule" });
  const fixture = new PluginFixture(taintToleration, {
    nodes: [
      makeNode("none"),
      makeNode("one", { spec: { taints: [soft("a")] } }),
      makeNode("two", { spec: { taints: [soft("a"), soft("b")] } }),
    ],
  });
  assert.deepEqual(fixture.verdicts(makePod("p")), { none: "", one: "", two: "" });
  assert.deepEqual(fixture.scores(makePod("p")), { none: 100, one: 50, two: 0 });
  const tolerations = [{ key: "a", operator: "Exists" }];
  assert.deepEqual(fixture.scores(makePod("p", { tolerations })), { none: 100, one: 100, two: 0 });
});

const labels = { disk: "ssd", cores: "8" };
const termCases: readonly { title: string; term: NodeSelectorTerm; matches: boolean }[] = [
  { title: "In", term: expression("disk", "In", "ssd", "nvme"), matches: true },
  { title: "In, absent", term: expression("gpu", "In", "yes"), matches: false },
  { title: "NotIn", term: expression("disk", "NotIn", "hdd"), matches: true },
  { title: "NotIn, absent", term: expression("gpu", "NotIn", "yes"), matches: true },
  { title: "Exists", term: expression("disk", "Exists"), matches: true },
  { title: "DoesNotExist", term: expression("disk", "DoesNotExist"), matches: false },
  { title: "Gt", term: expression("cores", "Gt", "7"), matches: true },
  { title: "Lt", term: expression("cores", "Lt", "8"), matches: false },
  { title: "Gt of no number", term: expression("disk", "Gt", "1"), matches: false },
  { title: "an inherited name", term: expression("constructor", "Exists"), matches: false },
  { title: "nothing", term: {}, matches: false },
];
function expression(key: string, operator: string, ...values: string[]): NodeSelectorTerm {
  return { matchExpressions: [{ key, operator, values }] };
}
for (const { title, term, matches } of termCases) {
  Deno.test(`NodeAffinity filter() with a required term: ${title}`, () => {
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
      },
    };
    const want = matches ? "" : "! node(s) didn't match Pod's node affinity/selector";
    assert.equal(verdict(nodeAffinity, makeNode("n", { labels }), { affinity }), want);
  });
}

Deno.test("NodeAffinity filter() follows nodeSelector", () => {
  const node = makeNode("n", { labels });
  assert.equal(verdict(nodeAffinity, node, { nodeSelector: { disk: "ssd" } }), "");
  const want = "! node(s) didn't match Pod's node affinity/selector";
  assert.equal(verdict(nodeAffinity, node, { nodeSelector: { disk: "ssd", gpu: "yes" } }), want);
});

Deno.test("NodeAffinity score() adds the weights of preferred terms", () => {
  const fixture = new PluginFixture(nodeAffinity, {
    nodes: [makeNode("a", { labels: { disk: "ssd" } }), makeNode("b", { labels }), makeNode("c")],
  });
  const pod = makePod("p", {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, preference: expression("disk", "Exists") },
          { weight: 30, preference: expression("cores", "Exists") },
        ],
      },
    },
  });
  assert.deepEqual(fixture.scores(pod), { a: 25, b: 100, c: 0 });
});

const port = (hostPort: number, hostIP = "", protocol = "TCP") => ({
  containers: [{ name: "a", ports: [{ containerPort: 80, hostPort, hostIP, protocol }] }],
});
const portCases: readonly { title: string; spec: Partial<PodSpec>; free: boolean }[] = [
  { title: "the same port", spec: port(8080), free: false },
  { title: "another port", spec: port(8081), free: true },
  { title: "another protocol", spec: port(8080, "", "UDP"), free: true },
  { title: "one address of a port taken on all", spec: port(8080, "10.0.0.1"), free: false },
  { title: "all addresses of a port taken on one", spec: port(9090), free: false },
  { title: "another address", spec: port(9090, "10.0.0.2"), free: true },
];
for (const { title, spec, free } of portCases) {
  Deno.test(`NodePorts filter() judges ${title}`, () => {
    const fixture = new PluginFixture(nodePorts, {
      nodes: [makeNode("n")],
      pods: [
        makePod("all", { ...port(8080), nodeName: "n" }),
        makePod("one", { ...port(9090, "10.0.0.1"), nodeName: "n" }),
      ],
    });
    const want = free ? "" : "node(s) didn't have free ports for the requested pod ports";
    assert.deepEqual(fixture.verdicts(makePod("p", spec)), { n: want });
  });
}
