import assert from "node:assert/strict";
import { unifiedDiff } from "./unified_diff.ts";

const cases = [
  { title: "is empty for equal texts", a: "a\nb", b: "a\nb", want: "" },
  {
    title: "shows three lines around a change",
    a: "1\n2\n3\n4\n5\n6\n7\n8\n9",
    b: "1\n2\n3\n4\nfive\n6\n7\n8\n9",
    want: "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
  },
  {
    title: "counts lines that are only in one text",
    a: "1\n2",
    b: "1\nnew\n2",
    want: "@@ -1,2 +1,3 @@\n 1\n+new\n 2\n",
  },
  {
    title: "splits changes that are far apart",
    a: "a\n1\n2\n3\n4\n5\n6\n7\nb",
    b: "A\n1\n2\n3\n4\n5\n6\n7\nB",
    want: "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n",
  },
];
for (const { title, a, b, want } of cases) {
  Deno.test(`unifiedDiff() ${title}`, () => assert.equal(unifiedDiff(a, b), want));
}
