import assert from "node:assert/strict";
import { closingLine, resultOf, resultOfReport, sum } from "./check.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.009">
  <testsuite name="./x_test.ts" tests="4" disabled="1" errors="0" failures="1">
    <testcase name="a &gt; b" classname="./x_test.ts" time="0.001" line="1" col="6">
    </testcase>
    <testcase name="needs root" classname="./x_test.ts" time="0.000" line="2" col="6">
      <skipped/>
    </testcase>
    <testcase name="c" classname="./x_test.ts" time="0.001" line="3" col="6">
      <failure message="Uncaught Error: &lt;testcase&gt;">Error: no</failure>
    </testcase>
    <testcase name="d" classname="./x_test.ts" time="0.000"/>
  </testsuite>
</testsuites>`;

Deno.test("resultOfReport() counts tests by what is in their elements", () => {
  assert.deepEqual(resultOfReport("tests", report, false), {
    counts: { passed: 2, failed: 1, skipped: 1 },
    failed: ["c"],
    skipped: ["needs root"],
  });
});

Deno.test("resultOfReport() counts a run that failed without a failed test", () => {
  const result = resultOfReport("tests", "", false);
  assert.deepEqual(result.failed, ["tests: the run itself"]);
  assert.equal(result.counts.failed, 1);
  assert.equal(resultOfReport("tests", "", true).counts.failed, 0);
});

Deno.test("closingLine() adds all checks up", () => {
  const results = [
    resultOf("format", true),
    resultOf("lint", false),
    resultOfReport("t", report, false),
  ];
  assert.equal(closingLine(sum(results)), "3 passed, 2 failed, 1 skipped");
});
