/**
 * Refuses modules that need each other to load, directly or in a ring: which of them runs first then depends on who asks
 * first. Imports of types alone do not count. `deno run --allow-read tools/check_cycles.ts`
 *
 * @module
 */

/** Each module's path with the paths that it imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const layers = ["shared", "control", "node", "cli", "tools", "tests"];
const importPattern = /^(?:import|export)\s[^;]*?\bfrom\s+"(\.[^"]+)"|^import\s+"(\.[^"]+)"/gm;
const typesOnly = /^(?:import|export)\s+(?:type\b|\{(?:\s*type\s[^,}]*,?)+\s*\})/;

/** What a module at `path` imports to run, as paths. */
export function importsOf(path: string, source: string): string[] {
  return source.matchAll(importPattern).filter(([text]) => !typesOnly.test(text))
    .map(([, from, effect]) => new URL((from ?? effect)!, `file:///${path}`).pathname.slice(1))
    .toArray();
}

/** Every set of modules that reach each other (Tarjan's strongly connected components), each sorted. */
export function cyclesOf(graph: ImportGraph): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const visit = (module: string): void => {
    order.set(module, order.size);
    low.set(module, order.get(module)!);
    open.push(module);
    for (const next of graph.get(module) ?? []) {
      if (!order.has(next)) visit(next);
      else if (!open.includes(next)) continue;
      low.set(module, Math.min(low.get(module)!, low.get(next)!));
    }
    if (low.get(module) !== order.get(module)) return;
    const group = open.splice(open.indexOf(module));
    if (group.length > 1 || graph.get(module)?.includes(module)) cycles.push(group.sort());
  };
  for (const module of graph.keys()) if (!order.has(module)) visit(module);
  return cycles;
}

async function readGraph(root: string): Promise<ImportGraph> {
  const graph = new Map<string, readonly string[]>();
  const walk = async (directory: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(`${root}/${directory}`)) {
      const path = `${directory}/${name}`;
      if (isDirectory) await walk(path);
      else if (name.endsWith(".ts")) {
        graph.set(path, importsOf(path, await Deno.readTextFile(`${root}/${path}`)));
      }
    }
  };
  for (const layer of layers) await walk(layer);
  return graph;
}

if (import.meta.main) {
  const graph = await readGraph(new URL("..", import.meta.url).pathname);
  const cycles = cyclesOf(graph);
  for (const cycle of cycles) console.error(`Modules import each other: ${cycle.join(", ")}`);
  if (cycles.length > 0) Deno.exit(1);
  console.log(`${graph.size} modules, no import cycles`);
}
