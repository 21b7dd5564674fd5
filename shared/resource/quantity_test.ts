import assert from "node:assert/strict";
import { seededRandom } from "../clock/random.ts";
import {
  addQuantities,
  asFloat,
  asMilli,
  asNumber,
  compareQuantities,
  multiplyQuantity,
  parseQuantity,
  quantityOf,
  quantitySign,
  roundUpQuantity,
  subtractQuantities,
} from "./quantity.ts";
import { QuantityError } from "./quantity_text.ts";

// Recorded from a ResourceQuota's limits.memory, but for 1n and 1u, which defaulting rounds up to 1m there.
const canonical: Readonly<Record<string, string>> = {
  "0.1": "100m",
  "100m": "100m",
  "1000m": "1",
  "1.5": "1500m",
  "1e3": "1e3",
  "1E3": "1E3",
  "1024Ki": "1Mi",
  "1Mi": "1Mi",
  "0.5Gi": "512Mi",
  "1500M": "1500M",
  "1.5G": "1500M",
  "123456789": "123456789",
  "1n": "1n",
  "1u": "1u",
  "0": "0",
  "-0": "0",
  "+5": "+5",
  "12e6": "12e6",
  "1Ti": "1Ti",
  "1000k": "1M",
  "5e-1": "500e-3",
  "0.001": "1m",
  "100000000000000000000": "100E",
  "1Ei": "1Ei",
  "3.0": "3",
  "1.": "1.",
  ".5": "500m",
  "1000": "1k",
  "1023Ki": "1023Ki",
  "0.1n": "1n",
  "512": "512",
  "8Ki": "8Ki",
  "0.1Ki": "102400m",
  "-1.5Gi": "-1536Mi",
  "9999999999999999Ei": "9223372036854775807",
};
for (const [given, want] of Object.entries(canonical)) {
  Deno.test(`parseQuantity() writes "${given}" as "${want}"`, () => {
    const { text } = parseQuantity(given);
    assert.equal(text, want);
    assert.equal(compareQuantities(parseQuantity(text), parseQuantity(given)), 0);
  });
}

const format =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffix = "unable to parse quantity's suffix";
const wrong: Readonly<Record<string, string>> = {
  "": format,
  "abc": format,
  "1_0": format,
  "1 Gi": format,
  "0x10": format,
  "1e": suffix,
  "1Kim": suffix,
  "1e99999999999": suffix,
};
for (const [given, message] of Object.entries(wrong)) {
  Deno.test(`parseQuantity() refuses "${given}"`, () => {
    assert.throws(() => parseQuantity(given), new QuantityError(message));
  });
}

Deno.test("parseQuantity() takes numbers and surrounding space", () => {
  assert.equal(parseQuantity(0.25).text, "250m");
  assert.equal(parseQuantity(" 1Gi ").text, "1Gi");
});

Deno.test("compareQuantities() is exact across formats", () => {
  const order = ["-1", "0", "1n", "999m", "1", "1Ki", "1025", "1Mi", "1E", "1Ei"].map(
    parseQuantity,
  );
  for (let i = 1; i < order.length; i++) {
    assert.equal(compareQuantities(order[i - 1]!, order[i]!), -1);
    assert.equal(compareQuantities(order[i]!, order[i - 1]!), 1);
  }
  assert.equal(compareQuantities(parseQuantity("1000m"), parseQuantity("1")), 0);
});

Deno.test("addQuantities() and subtractQuantities() keep the format of the first unless it is zero", () => {
  const text = (a: string, b: string) => addQuantities(parseQuantity(a), parseQuantity(b)).text;
  assert.equal(text("1Gi", "1Gi"), "2Gi");
  assert.equal(text("100m", "1.9"), "2");
  assert.equal(text("0", "2Mi"), "2Mi");
  assert.equal(text("1Mi", "1"), "1048577");
  assert.equal(subtractQuantities(parseQuantity("1"), parseQuantity("250m")).text, "750m");
  assert.equal(subtractQuantities(parseQuantity("1Gi"), parseQuantity("1Gi")).text, "0");
});

Deno.test("quantities become numbers, rounded away from zero", () => {
  assert.equal(asNumber(parseQuantity("1500m")), 2);
  assert.equal(asNumber(parseQuantity("-1500m")), -2);
  assert.equal(asNumber(parseQuantity("1Gi")), 1073741824);
  assert.equal(asMilli(parseQuantity("0.1")), 100);
  assert.equal(asMilli(parseQuantity("1u")), 1);
  assert.equal(asFloat(parseQuantity("250m")), 0.25);
  assert.equal(roundUpQuantity(parseQuantity("1u"), -3).text, "1m");
  assert.equal(quantityOf(1500, -3).text, "1500m");
  assert.equal(quantityOf(2048, 0, "BinarySI").text, "2Ki");
  assert.equal(multiplyQuantity(parseQuantity("250m"), 4).text, "1");
  assert.equal(quantitySign(parseQuantity("-1")), -1);
});

Deno.test("parseQuantity() reads its own text back, for random amounts", () => {
  const random = seededRandom(7);
  const suffixes = ["", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e3", "e-3"];
  for (let i = 0; i < 2000; i++) {
    const digits = Math.floor(random.float() * 10 ** Math.floor(random.float() * 14));
    const fraction = random.float() < 0.3 ? `.${Math.floor(random.float() * 1000)}` : "";
    const given = digits + fraction + suffixes[Math.floor(random.float() * suffixes.length)];
    const parsed = parseQuantity(given);
    const again = parseQuantity(parsed.text);
    assert.equal(compareQuantities(parsed, again), 0, given);
    assert.equal(again.text, parsed.text, given);
    assert.equal(subtractQuantities(parsed, again).text, "0", given);
  }
});
