import assert from "node:assert/strict";
import { priorityLevelConfiguration } from "./priority_level_configuration.ts";
import type { PriorityLevelConfigurationSpec } from "./types.gen.ts";

function level(name: string, spec: PriorityLevelConfigurationSpec) {
  const object = {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "PriorityLevelConfiguration",
    metadata: { name },
    spec,
  };
  priorityLevelConfiguration.strategy.defaults!(object);
  return object;
}

Deno.test("PriorityLevelConfiguration gets its numbers by default", () => {
  const limited = level("n", {
    type: "Limited",
    limited: { limitResponse: { type: "Queue", queuing: {} } },
  });
  assert.deepEqual(limited.spec.limited, {
    nominalConcurrencyShares: 30,
    lendablePercent: 0,
    limitResponse: { type: "Queue", queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
  });
  const exempt = level("exempt", { type: "Exempt" });
  assert.deepEqual(exempt.spec.exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 });
});

const queue = (queuing: object): PriorityLevelConfigurationSpec => ({
  type: "Limited",
  limited: { limitResponse: { type: "Queue", queuing } },
});
const cases: readonly [string, string, PriorityLevelConfigurationSpec, readonly string[]][] = [
  ["a good one", "n", queue({}), []],
  ["an exempt one of another name", "n", { type: "Exempt" }, [
    "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
  ]],
  ["no limits", "n", { type: "Limited" }, [
    "spec.limited: Required value: must not be empty when type is Limited",
  ]],
  ["another type", "n", { type: "Bogus" }, [
    'spec.type: Unsupported value: "Bogus": supported values: "Exempt", "Limited"',
  ]],
  ["a hand larger than the deck", "n", queue({ queues: 4, handSize: 5 }), [
    "spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)",
  ]],
  ["a hand that needs too many bits", "n", queue({ queues: 512, handSize: 8 }), [
    "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60",
  ]],
];
for (const [title, name, spec, want] of cases) {
  Deno.test(`PriorityLevelConfiguration judges ${title}`, () => {
    const errors = priorityLevelConfiguration.strategy.validate!(level(name, spec));
    assert.deepEqual(errors.map((error) => `${error.path}: ${error.message}`), want);
  });
}
