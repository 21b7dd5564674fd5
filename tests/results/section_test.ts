import assert from "node:assert/strict";
import { putSection } from "./section.ts";

Deno.test("putSection() appends a section that is not there, and keeps what is", () => {
  assert.equal(
    putSection("# Results\n", "one", "a\n"),
    "# Results\n\n<!-- one -->\na\n<!-- end of one -->\n",
  );
});

Deno.test("putSection() replaces its own section alone", () => {
  const two = putSection(putSection("# Results\n", "one", "a\n"), "two", "b\n");
  const document = `${two}\nwords\n`;
  assert.equal(putSection(document, "one", "c\nd\n"), document.replace("\na\n", "\nc\nd\n"));
  assert.equal(putSection(document, "two", "b\n"), document);
});
