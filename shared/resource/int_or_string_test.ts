import assert from "node:assert/strict";
import { IntOrStringError, isPercentage, scaledValue } from "./int_or_string.ts";

Deno.test("scaledValue() rounds percentages as asked and leaves numbers alone", () => {
  assert.equal(scaledValue("25%", 10, { roundUp: true }), 3);
  assert.equal(scaledValue("25%", 10, { roundUp: false }), 2);
  assert.equal(scaledValue("150%", 2, { roundUp: false }), 3);
  assert.equal(scaledValue(7, 10, { roundUp: true }), 7);
});

Deno.test("scaledValue() refuses other texts", () => {
  assert.throws(
    () => scaledValue("5", 10, { roundUp: true }),
    new IntOrStringError("invalid value for IntOrString: invalid type: string is not a percentage"),
  );
  assert.throws(
    () => scaledValue("x%", 10, { roundUp: true }),
    new IntOrStringError(
      'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax',
    ),
  );
});

Deno.test("isPercentage() tells percentages from numbers and other texts", () => {
  assert.deepEqual(["5%", "5", 5, "x%"].map(isPercentage), [true, false, false, false]);
});
