/** A value that is neither a number nor a percentage; the message is the reference's. */
export class IntOrStringError extends Error {
  override readonly name = "IntOrStringError";
}

/**
 * What a number or a percentage of `total` comes to, e.g. `25%` of 10 is 3 rounded up and 2 rounded down. Numbers are
 * returned as they are. Throws IntOrStringError (intstr.GetScaledValueFromIntOrPercent).
 */
export function scaledValue(
  value: number | string,
  total: number,
  options: { readonly roundUp: boolean },
): number {
  if (typeof value === "number") return value;
  const scaled = percentOf(value) * total / 100;
  return options.roundUp ? Math.ceil(scaled) : Math.floor(scaled);
}

/** Whether the text is a percentage such as `25%`. */
export function isPercentage(value: number | string): boolean {
  return typeof value === "string" && /^[+-]?[0-9]+%$/.test(value);
}

function percentOf(text: string): number {
  if (!text.endsWith("%")) {
    throw new IntOrStringError(
      "invalid value for IntOrString: invalid type: string is not a percentage",
    );
  }
  if (isPercentage(text)) return Number(text.slice(0, -1));
  const number = JSON.stringify(text.slice(0, -1));
  throw new IntOrStringError(
    `invalid value for IntOrString: invalid value ${
      JSON.stringify(text)
    }: strconv.Atoi: parsing ${number}: invalid syntax`,
  );
}
