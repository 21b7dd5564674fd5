import { semverType } from "../types/signature.ts";
import { CelError, type CelValue, OpaqueValue } from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly string[];
  readonly build: readonly string[];
}

/** A version such as `1.2.3-beta.1+build`. Source: https://semver.org/spec/v2.0.0.html. */
export class SemverValue extends OpaqueValue {
  readonly type = semverType;

  constructor(readonly version: Version) {
    super();
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && compareVersions(this.version, other.version) === 0;
  }
}

class VersionError extends Error {
  override readonly name = "VersionError";
}

const MAX_NUMBER = 2n ** 64n - 1n;

function parseVersion(text: string): Version {
  if (text === "") throw new VersionError("Version string empty");
  const [major, minor, rest, ...none] = splitAtDots(text);
  if (rest === undefined || none.length > 0) {
    throw new VersionError("No Major.Minor.Patch elements found");
  }
  const numbers = [
    numberOf(major!, "major"),
    numberOf(minor!, "minor"),
  ] as const;
  const plus = rest.indexOf("+");
  const build = plus < 0 ? [] : rest.slice(plus + 1).split(".");
  const core = plus < 0 ? rest : rest.slice(0, plus);
  const dash = core.indexOf("-");
  const pre = dash < 0 ? [] : core.slice(dash + 1).split(".");
  const patch = numberOf(dash < 0 ? core : core.slice(0, dash), "patch");
  for (const part of pre) checkPart(part, "Prerelease", true);
  for (const part of build) checkPart(part, "Build meta data", false);
  return { numbers: [...numbers, patch], pre, build };
}

/** At the first two dots. */
function splitAtDots(text: string): string[] {
  const [major, minor, ...rest] = text.split(".");
  return rest.length === 0 ? [major!, ...(minor === undefined ? [] : [minor])] : [
    major!,
    minor!,
    rest.join("."),
  ];
}

function numberOf(text: string, which: "major" | "minor" | "patch"): bigint {
  const name = which[0]!.toUpperCase() + which.slice(1);
  if (!/^[0-9]+$/.test(text)) {
    throw new VersionError(`Invalid character(s) found in ${which} number ${JSON.stringify(text)}`);
  }
  if (text.length > 1 && text.startsWith("0")) {
    throw new VersionError(
      `${name} number must not contain leading zeroes ${JSON.stringify(text)}`,
    );
  }
  const value = text.length > 20 ? MAX_NUMBER + 1n : BigInt(text);
  if (value > MAX_NUMBER) {
    throw new VersionError(
      `strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`,
    );
  }
  return value;
}

function checkPart(part: string, what: string, numeric: boolean): void {
  if (part === "") throw new VersionError(`${what} is empty`);
  if (numeric && /^0[0-9]+$/.test(part)) {
    throw new VersionError(
      `Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(part)}`,
    );
  }
  if (!/^[0-9A-Za-z-]+$/.test(part)) {
    throw new VersionError(
      `Invalid character(s) found in ${what.toLowerCase()} ${JSON.stringify(part)}`,
    );
  }
}

/** A `v` before it, leading zeros and missing numbers are put up with. */
function normalized(text: string): string {
  const parts = splitAtDots(text.replace(/^v/, "")).map((part) => {
    if (part.length <= 1) return part;
    const bare = part.replace(/^0+/, "");
    return /^[0-9]/.test(bare) ? bare : `0${bare}`;
  });
  if (parts.length < 3) {
    if (/[+-]/.test(parts.at(-1)!)) {
      throw new VersionError("short version cannot contain PreRelease/Build meta data");
    }
    while (parts.length < 3) parts.push("0");
  }
  return parts.join(".");
}

function compareVersions(one: Version, other: Version): -1 | 0 | 1 {
  for (const [index, number] of one.numbers.entries()) {
    const right = other.numbers[index]!;
    if (number !== right) return number < right ? -1 : 1;
  }
  if (one.pre.length === 0 || other.pre.length === 0) {
    return one.pre.length === other.pre.length ? 0 : one.pre.length === 0 ? 1 : -1;
  }
  for (const [index, part] of one.pre.entries()) {
    const right = other.pre[index];
    if (right === undefined) return 1;
    const order = comparePre(part, right);
    if (order !== 0) return order;
  }
  return one.pre.length < other.pre.length ? -1 : 0;
}

function comparePre(one: string, other: string): -1 | 0 | 1 {
  const [left, right] = [/^[0-9]+$/.test(one), /^[0-9]+$/.test(other)];
  if (left !== right) return left ? -1 : 1;
  if (left) {
    const [a, b] = [BigInt(one), BigInt(other)];
    return a === b ? 0 : a < b ? -1 : 1;
  }
  return one === other ? 0 : one < other ? -1 : 1;
}

function parse(text: CelValue, normalize: CelValue = false): CelValue {
  try {
    return new SemverValue(parseVersion(normalize ? normalized(text as string) : text as string));
  } catch (error) {
    if (!(error instanceof VersionError)) throw error;
    return new CelError(error.message);
  }
}

const isVersion: Implementation = (text, normalize = false) =>
  parse(text!, normalize) instanceof SemverValue;

function onPair(run: (order: -1 | 0 | 1) => CelValue): Implementation {
  return (one, other) =>
    run(compareVersions((one as SemverValue).version, (other as SemverValue).version));
}

function part(index: 0 | 1 | 2): Implementation {
  return (value) => BigInt.asIntN(64, (value as SemverValue).version.numbers[index]);
}

/** Source: "Kubernetes semver library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const semverFunctions: Readonly<Record<string, readonly Overload[]>> = {
  semver: [
    overload("string_to_semver", "(string) -> Semver", parse),
    overload("string_bool_to_semver", "(string, bool) -> Semver", parse),
  ],
  isSemver: [
    overload("is_semver_string", "(string) -> bool", isVersion),
    overload("is_semver_string_bool", "(string, bool) -> bool", isVersion),
  ],
  isGreaterThan: [
    overload("semver_is_greater_than", "Semver.(Semver) -> bool", onPair((order) => order > 0)),
  ],
  isLessThan: [
    overload("semver_is_less_than", "Semver.(Semver) -> bool", onPair((order) => order < 0)),
  ],
  compareTo: [
    overload("semver_compare_to", "Semver.(Semver) -> int", onPair((order) => BigInt(order))),
  ],
  major: [overload("semver_major", "Semver.() -> int", part(0))],
  minor: [overload("semver_minor", "Semver.() -> int", part(1))],
  patch: [overload("semver_patch", "Semver.() -> int", part(2))],
};
