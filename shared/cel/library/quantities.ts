import {
  addQuantities,
  asFloat,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityOf,
  quantitySign,
  subtractQuantities,
} from "../../resource/quantity.ts";
import { QuantityError } from "../../resource/quantity_text.ts";
import { quantityType } from "../types/signature.ts";
import { MAX_INT, MIN_INT } from "../values/arithmetic.ts";
import { CelError, type CelValue, OpaqueValue } from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";

/** An amount such as `1.5Gi`. */
export class QuantityValue extends OpaqueValue {
  readonly type = quantityType;

  constructor(readonly quantity: Quantity) {
    super();
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && compareQuantities(this.quantity, other.quantity) === 0;
  }
}

function parse(text: CelValue): CelValue {
  try {
    return new QuantityValue(parseQuantity(text as string));
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    return new CelError(error.message);
  }
}

/** The whole number that a quantity is; undefined if it is none of 64 bits. */
function wholeOf({ unscaled, scale }: Quantity): bigint | undefined {
  if (scale > 30) return unscaled === 0n ? 0n : undefined;
  const unit = 10n ** BigInt(Math.abs(scale));
  if (scale < 0 && unscaled % unit !== 0n) return undefined;
  const whole = scale < 0 ? unscaled / unit : unscaled * unit;
  return whole < MIN_INT || whole > MAX_INT ? undefined : whole;
}

function onQuantity(run: (quantity: Quantity) => CelValue): Implementation {
  return (value) => run((value as QuantityValue).quantity);
}

function onPair(run: (one: Quantity, other: Quantity) => CelValue): Implementation {
  return (one, other) => {
    const right = typeof other === "bigint"
      ? quantityOf(other, 0, "DecimalExponent")
      : (other as QuantityValue).quantity;
    return run((one as QuantityValue).quantity, right);
  };
}

const sum = onPair((one, other) => new QuantityValue(addQuantities(one, other)));
const difference = onPair((one, other) => new QuantityValue(subtractQuantities(one, other)));

/** Source: "Kubernetes quantity library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const quantityFunctions: Readonly<Record<string, readonly Overload[]>> = {
  quantity: [overload("string_to_quantity", "(string) -> Quantity", parse)],
  isQuantity: [
    overload("is_quantity_string", "(string) -> bool", (text) => {
      return parse(text!) instanceof QuantityValue;
    }),
  ],
  sign: [
    overload("quantity_sign", "(Quantity) -> int", onQuantity((one) => BigInt(quantitySign(one)))),
  ],
  isGreaterThan: [
    overload(
      "quantity_is_greater_than",
      "Quantity.(Quantity) -> bool",
      onPair((one, other) => compareQuantities(one, other) > 0),
    ),
  ],
  isLessThan: [
    overload(
      "quantity_is_less_than",
      "Quantity.(Quantity) -> bool",
      onPair((one, other) => compareQuantities(one, other) < 0),
    ),
  ],
  compareTo: [
    overload(
      "quantity_compare_to",
      "Quantity.(Quantity) -> int",
      onPair((one, other) => BigInt(compareQuantities(one, other))),
    ),
  ],
  asApproximateFloat: [
    overload("quantity_get_float", "Quantity.() -> double", onQuantity((one) => asFloat(one))),
  ],
  asInteger: [
    overload(
      "quantity_get_int",
      "Quantity.() -> int",
      onQuantity((one) => wholeOf(one) ?? new CelError("cannot convert value to integer")),
    ),
  ],
  isInteger: [
    overload(
      "quantity_is_integer",
      "Quantity.() -> bool",
      onQuantity((one) => wholeOf(one) !== undefined),
    ),
  ],
  add: [
    overload("quantity_add", "Quantity.(Quantity) -> Quantity", sum),
    overload("quantity_add_int", "Quantity.(int) -> Quantity", sum),
  ],
  sub: [
    overload("quantity_sub", "Quantity.(Quantity) -> Quantity", difference),
    overload("quantity_sub_int", "Quantity.(int) -> Quantity", difference),
  ],
};
