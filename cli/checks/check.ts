/** How often what happened. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One of the project's checks, as a program to run. */
export interface Check {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** The program writes a report of its tests there (JUnit); absent: it counts as one check that its exit code decides. */
  readonly report?: string;
}

/** The result of a check. */
export interface CheckResult {
  readonly counts: Counts;
  /** Names of the tests that failed or were skipped; a skipped one's name says why. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

/** The result of a program that is one check. */
export function resultOf(name: string, success: boolean): CheckResult {
  return {
    counts: { passed: success ? 1 : 0, failed: success ? 0 : 1, skipped: 0 },
    failed: success ? [] : [name],
    skipped: [],
  };
}

/**
 * The result of a run of tests by its JUnit report. A run that failed although no test did (a module that does not load,
 * a leak) counts as one failure more.
 */
export function resultOfReport(name: string, xml: string, success: boolean): CheckResult {
  const failed: string[] = [];
  const skipped: string[] = [];
  let passed = 0;
  for (const [, attributes = "", body = ""] of xml.matchAll(testCase)) {
    const title = unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "");
    if (body.includes("<failure") || body.includes("<error")) failed.push(title);
    else if (body.includes("<skipped")) skipped.push(title);
    else passed++;
  }
  if (!success && failed.length === 0) failed.push(`${name}: the run itself`);
  return {
    counts: { passed, failed: failed.length, skipped: skipped.length },
    failed,
    skipped,
  };
}

const testCase = /<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/** All together. */
export function sum(results: readonly CheckResult[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { counts } of results) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

/** The closing line: `12 passed, 0 failed, 1 skipped`. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}
