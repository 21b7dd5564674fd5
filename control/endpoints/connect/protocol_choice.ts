/** The protocols that a client offers, by its preference; empty if it names none. */
export function offeredProtocols(header: string | undefined): string[] {
  return (header ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/**
 * The first offered protocol that is supported; "" if the client names none and none is needed; undefined if there is
 * nothing in common.
 */
export function chooseProtocol(
  offered: readonly string[],
  supported: readonly string[],
): string | undefined {
  if (offered.length === 0) return supported.includes("") ? "" : undefined;
  return offered.find((name) => supported.includes(name));
}
