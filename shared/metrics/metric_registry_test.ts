import assert from "node:assert/strict";
import { MetricRegistry } from "./metric_registry.ts";

Deno.test("MetricRegistry text() writes metrics in the order of their names, with help and type", () => {
  const registry = new MetricRegistry();
  registry.gauge({ name: "b", help: "Gauges." }).with().set(1.5);
  const counter = registry.counter({ name: "a_total", help: "Counts.", labels: ["x", "y"] });
  counter.with("1", "2").inc();
  counter.with("1", "2").inc(2);
  counter.with('"\n\\', "").inc();
  assert.equal(
    registry.text(),
    [
      "# HELP a_total Counts.",
      "# TYPE a_total counter",
      'a_total{x="1",y="2"} 3',
      'a_total{x="\\"\\n\\\\",y=""} 1',
      "# HELP b Gauges.",
      "# TYPE b gauge",
      "b 1.5",
      "",
    ].join("\n"),
  );
});

Deno.test("MetricRegistry histogram() joins its buckets, and takes a value on a bound for that bound", () => {
  const registry = new MetricRegistry();
  const family = registry.histogram({ name: "h", help: "H.", labels: ["x"], buckets: [1, 2] });
  for (const value of [0.5, 1, 1.5, 3]) family.with("a").observe(value);
  assert.deepEqual(registry.text().split("\n").slice(2, -1), [
    'h_bucket{x="a",le="1"} 2',
    'h_bucket{x="a",le="2"} 3',
    'h_bucket{x="a",le="+Inf"} 4',
    'h_sum{x="a"} 6',
    'h_count{x="a"} 4',
  ]);
});

Deno.test("MetricRegistry says nothing of a metric without series, and refreshes before it writes", () => {
  const registry = new MetricRegistry();
  const gauge = registry.gauge({ name: "g", help: "G." });
  assert.equal(registry.text(), "\n");
  registry.beforeText(() => gauge.with().set(7));
  assert.match(registry.text(), /^g 7$/m);
});

Deno.test("MetricRegistry counts series beyond its limit as one", () => {
  const registry = new MetricRegistry();
  const family = registry.counter({ name: "c", help: "C.", labels: ["x"] });
  for (let i = 0; i < 6_000; i++) family.with(String(i)).inc();
  const lines = registry.text().trimEnd().split("\n").slice(2);
  assert.equal(lines.length, 5_001);
  assert.equal(lines.at(-1), 'c{x="(other)"} 1000');
});

Deno.test("MetricRegistry refuses a second metric of the same name", () => {
  const registry = new MetricRegistry();
  registry.gauge({ name: "g", help: "" });
  assert.throws(() => registry.counter({ name: "g", help: "" }), TypeError);
});
