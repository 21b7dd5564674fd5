import assert from "node:assert/strict";
import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import { planRegistration } from "./automanaged.ts";

const definition = (group: string, versions: Readonly<Record<string, boolean>>) =>
  ({
    spec: {
      group,
      versions: Object.entries(versions).map(([name, served]) => ({ name, served })),
    },
  }) as unknown as CustomResourceDefinition;
const registered = (name: string, automanaged?: string, versionPriority = 100) => {
  const [version = "", ...group] = name.split(".");
  return {
    metadata: {
      name,
      ...(automanaged && {
        labels: { "kube-aggregator.kubernetes.io/automanaged": automanaged },
      }),
    },
    spec: { group: group.join("."), version, groupPriorityMinimum: 1000, versionPriority },
  } as unknown as APIService;
};
const namesOf = (services: readonly APIService[]) => services.map(({ metadata }) => metadata.name);

Deno.test("planRegistration() registers served versions and takes back what nobody serves", () => {
  const plan = planRegistration(
    [definition("a.io", { v1: true, v2: false }), definition("b.io", { v1: true })],
    [
      registered("v1.b.io", "true"),
      registered("v2.a.io", "true"),
      registered("v1.apps", "onstart"),
      registered("v1.remote.io"),
    ],
  );
  assert.deepEqual(namesOf(plan.create), ["v1.a.io"]);
  assert.deepEqual(plan.update, []);
  assert.deepEqual(namesOf(plan.remove), ["v2.a.io"]);
});

Deno.test("planRegistration() mends what it manages, and leaves what an administrator made", () => {
  const definitions = [definition("a.io", { v1: true }), definition("b.io", { v1: true })];
  const plan = planRegistration(definitions, [
    registered("v1.a.io", "true", 7),
    registered("v1.b.io", undefined, 7),
  ]);
  assert.deepEqual([plan.create, plan.remove], [[], []]);
  assert.deepEqual(plan.update.map(({ spec }) => spec?.versionPriority), [100]);
});
