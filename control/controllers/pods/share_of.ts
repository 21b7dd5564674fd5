/** `3`, or `"25%"` of `total`, as a whole number: rounded up or down as `round` says. */
export function shareOf(
  value: number | string | undefined,
  total: number,
  round: "up" | "down",
): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const percent = /^([0-9]+)%$/.exec(value)?.[1];
  if (percent === undefined) return Number(value) || 0;
  const exact = Number(percent) * total / 100;
  return round === "up" ? Math.ceil(exact) : Math.floor(exact);
}
