/** Where the parts of Coracle's own program are: a checkout's sources, or the files of an unpacked bundle. */
export interface Program {
  readonly kind: "source" | "bundle";
  /** Absolute directory. */
  readonly root: string;
  /** The Deno that runs us. */
  readonly deno: string;
}

/** Every process that the program can run as. */
export type Part = "cli" | "server" | "agent";

/** The program that this module belongs to. */
export function locateProgram(moduleUrl = import.meta.url, deno = Deno.execPath()): Program {
  const path = decodeURIComponent(new URL(moduleUrl).pathname);
  if (path.endsWith("/cli/program.ts")) {
    return { kind: "source", root: path.slice(0, -"/cli/program.ts".length), deno };
  }
  return { kind: "bundle", root: path.slice(0, path.lastIndexOf("/")), deno };
}

const sources: Readonly<Record<Part, string>> = {
  cli: "cli/main.ts",
  server: "control/main.ts",
  agent: "node/main.ts",
};

/**
 * Little room for young objects, and a heap that is cleared when it has doubled instead of quadrupled: processes stay
 * small (the server 60 MB smaller after a load of writes) for some percent more work under load (designs/011).
 */
const engineFlags: Readonly<Record<Part, readonly string[]>> = {
  cli: [],
  server: ["--max-semi-space-size=8", "--heap-growing-percent=100"],
  agent: ["--max-semi-space-size=2"],
};

/** The file that a part starts from. */
export function entryOf(program: Program, part: Part): string {
  return `${program.root}/${program.kind === "source" ? sources[part] : `${part}.js`}`;
}

/** What of the program the server reads while it runs: code that its second thread loads. */
export function serverCode(program: Program): readonly string[] {
  const { kind, root } = program;
  return kind === "source"
    ? [`${root}/control`, `${root}/shared`]
    : [`${root}/components_worker.js`];
}

/** A file that comes with the program, e.g. `examples/hello`. */
export function assetOf(program: Program, path: string): string {
  return `${program.root}/${path}`;
}

/** The arguments that make Deno run a part with `permissions` (see permissions.ts) and `args`. */
export function runArguments(
  program: Program,
  part: Part,
  { permissions, args }: {
    readonly permissions: readonly string[];
    readonly args: readonly string[];
  },
): string[] {
  const config = program.kind === "source"
    ? ["--config", `${program.root}/deno.json`]
    : ["--no-config"];
  return [
    "run",
    ...config,
    "--no-prompt",
    ...(engineFlags[part].length > 0 ? [`--v8-flags=${engineFlags[part].join(",")}`] : []),
    "--unstable-kv",
    "--unstable-worker-options",
    ...permissions,
    entryOf(program, part),
    ...args,
  ];
}
