import { parseQuantity, roundUpQuantity } from "../../../resource/quantity.ts";

const MILLI = -3;
/** What may be finer than a thousandth, so that most lists need no parsing. */
const mayBeFine = /[nue]|E-|\.\d{4}/;

/** Rounds the quantities of a resource list up to thousandths, the finest that the API keeps in one. */
export function defaultResourceList(list: Record<string, string> | undefined): void {
  if (!list) return;
  for (const [name, value] of Object.entries(list)) {
    if (mayBeFine.test(value)) list[name] = roundUpQuantity(parseQuantity(value), MILLI).text;
  }
}
