import assert from "node:assert/strict";
import { lease } from "./lease.ts";

const held = (holderIdentity?: string, renewTime = "2026-01-01T00:00:00.000000Z") => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: "l" },
  spec: { renewTime, ...(holderIdentity !== undefined && { holderIdentity }) },
});

const cases: readonly [
  title: string,
  old: string | undefined,
  next: string | undefined,
  lazy: boolean,
][] = [
  ["a renewal by whoever holds it", "a", "a", true],
  ["a takeover", "a", "b", false],
  ["a release", "a", "", false],
  ["a taking of what nobody held", undefined, "a", false],
  ["a change of what nobody holds", "", "", false],
];
for (const [title, old, next, lazy] of cases) {
  Deno.test(`a lease's update may wait for the disk if it is a renewal: ${title}`, () => {
    assert.equal(lease.lazyUpdate!(held(next, "2026-01-01T00:00:10.000000Z"), held(old)), lazy);
  });
}
