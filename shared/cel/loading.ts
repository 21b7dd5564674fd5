type Engine = typeof import("./engine.ts");

let engine: Engine | undefined;

/**
 * Loads what compiles CEL: parser, checker and libraries, 20 MB of memory in each thread and process, which clusters
 * without policies never need. To be awaited before anything compiles an expression; at once when it is there.
 */
export async function loadCel(): Promise<void> {
  engine ??= await import("./engine.ts");
}

/** Throws TypeError if nobody has awaited `loadCel`. */
export function celEngine(): Engine {
  if (!engine) throw new TypeError("Cannot compile an expression: CEL is not loaded");
  return engine;
}
