import assert from "node:assert/strict";
import { churn, type GrowthSample } from "./churn.ts";
import { growthFaults } from "./growth.ts";

const sample: GrowthSample = {
  minute: 0,
  revision: 1,
  keptChanges: 100,
  objects: 10,
  events: 1,
  diskMb: 6,
  heapMb: 40,
};
const bounds = { diskMb: 8, keptChanges: 200, events: 10, heapMb: 60 };

Deno.test("growthFaults() accepts what varies within its bounds", () => {
  const samples = [4, 6, 5, 6, 5, 6, 5].map((diskMb) => ({ ...sample, diskMb }));
  assert.deepEqual(growthFaults(samples, bounds), []);
});

Deno.test("growthFaults() reports what is over its bound once", () => {
  const samples = [6, 6, 9, 6, 6, 6].map((diskMb) => ({ ...sample, diskMb }));
  assert.deepEqual(growthFaults(samples, bounds), ["diskMb came to 9, which is over 8"]);
});

Deno.test("growthFaults() reports what grows to the end, however low it is", () => {
  const samples = [1, 2, 3, 4, 5, 6].map((n) => ({ ...sample, heapMb: n }));
  assert.deepEqual(growthFaults(samples, bounds), ["heapMb grows: 3.5 and then 5.5"]);
});

Deno.test("the store of a busy cluster stays small while rollouts come and go", async () => {
  const directory = await Deno.makeTempDir();
  const samples: GrowthSample[] = [];
  try {
    await churn({
      nodes: 2,
      deployments: 4,
      replicas: 3,
      minutes: 70,
      directory,
      everyMinutes: 10,
      onSample: (taken) => samples.push(taken),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  assert.equal(samples.length, 7);
  assert.ok(samples.at(-1)!.revision > 1500, "something happened");
  const hour = samples.slice(3);
  assert.deepEqual(growthFaults(hour, { diskMb: 8, keptChanges: 600, events: 110 }), []);
});
