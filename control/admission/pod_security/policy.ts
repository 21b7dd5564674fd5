import { type FieldError, invalid } from "../../../shared/meta/field_error.ts";
import type { Labels } from "../../../shared/meta/labels.ts";

/** The Pod Security Standards, from free to strict. */
export type Level = "privileged" | "baseline" | "restricted";
const levels: readonly Level[] = ["privileged", "baseline", "restricted"];

/** A level as of a minor version of Kubernetes; `latest` is the newest that is known. */
export interface LevelVersion {
  readonly level: Level;
  readonly version: number | "latest";
}

/** What a namespace asks for, by its labels. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly warn: LevelVersion;
  /** Labels that cannot be read; what they set counts as `restricted`, but only for enforcement. */
  readonly errors: readonly FieldError[];
}

const PREFIX = "pod-security.kubernetes.io/";

/**
 * Reads a namespace's labels. A level for warnings that is not given is that of enforcement.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/.
 */
export function policyOf(labels: Labels): Policy {
  const errors: FieldError[] = [];
  const read = (mode: string) => readMode(labels ?? {}, mode, errors);
  const enforce = read("enforce");
  read("audit");
  const warn = read("warn");
  const enforced = level(enforce.level, "restricted");
  const version = enforce.version ?? "latest";
  const follows = enforce.level !== undefined && enforce.level !== "invalid" &&
    warn.level === undefined && enforced !== "privileged";
  return {
    enforce: { level: enforced, version },
    warn: follows
      ? { level: enforced, version: warn.version ?? version }
      : { level: level(warn.level, "privileged"), version: warn.version ?? "latest" },
    errors,
  };
}

/** Positive if `a` is stricter than `b`, 0 if they are the same level. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

/** `baseline:latest`, `restricted:v1.30`. */
export function describePolicy({ level, version }: LevelVersion): string {
  return `${level}:${version === "latest" ? version : `v1.${version}`}`;
}

interface Mode {
  readonly level: Level | "invalid" | undefined;
  readonly version: LevelVersion["version"] | undefined;
}

function readMode(
  labels: Readonly<Record<string, string>>,
  mode: string,
  errors: FieldError[],
): Mode {
  const levelText = labels[PREFIX + mode];
  const versionText = labels[`${PREFIX}${mode}-version`];
  const path = (key: string) => `metadata.labels[${PREFIX}${key}]`;
  let found: Mode["level"];
  if (levelText !== undefined) {
    found = levels.find((one) => one === levelText) ?? "invalid";
    if (found === "invalid") {
      errors.push(invalid(path(mode), levelText, `must be one of ${levels.join(", ")}`));
    }
  }
  let version: Mode["version"];
  if (versionText !== undefined) {
    const minor = /^v1\.(0|[1-9][0-9]*)$/.exec(versionText)?.[1];
    version = minor === undefined ? "latest" : Number(minor);
    if (minor === undefined && versionText !== "latest") {
      errors.push(invalid(path(`${mode}-version`), versionText, 'must be "latest" or "v1.x"'));
    }
  }
  return { level: found, version };
}

function level(found: Mode["level"], invalidIs: Level): Level {
  return found === "invalid" ? invalidIs : found ?? "privileged";
}
