import { baselineChecks } from "./baseline.ts";
import type { Check, CheckVersion, PodLike, Violation } from "./check.ts";
import type { LevelVersion } from "./policy.ts";
import { restrictedChecks } from "./restricted.ts";

const compiled = new Map<string, readonly CheckVersion["run"][]>();

/** Everything by which a pod violates a level, in the order of the checks. Empty: the pod meets it. */
export function violationsOf(pod: PodLike, level: LevelVersion): readonly Violation[] {
  if (level.level === "privileged") return [];
  const found: Violation[] = [];
  for (const run of checksOf(level)) {
    const violation = run(pod);
    if (violation) found.push(violation);
  }
  return found;
}

/** `privileged (container "c" must not …), hostPort (…)`. */
export function describeViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(", ");
}

function checksOf({ level, version }: LevelVersion): readonly CheckVersion["run"][] {
  const minor = version === "latest" ? Infinity : version;
  // Versions beyond the newest check are alike; capping them bounds the cache.
  const key = `${level} ${Math.min(minor, 1000)}`;
  let runs = compiled.get(key);
  if (runs) return runs;
  const baseline = active(baselineChecks, minor);
  const restricted = level === "restricted" ? active(restrictedChecks, minor) : new Map();
  for (const { replaces } of restricted.values()) baseline.delete(replaces);
  runs = [...baseline.values(), ...restricted.values()].map(({ run }) => run);
  compiled.set(key, runs);
  return runs;
}

/** The newest form of each check that `minor` knows. */
function active(checks: readonly Check[], minor: number): Map<string, CheckVersion> {
  const found = new Map<string, CheckVersion>();
  for (const { id, versions } of checks) {
    const version = versions.findLast(({ since }) => since <= minor);
    if (version) found.set(id, version);
  }
  return found;
}
