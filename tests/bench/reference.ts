import { run } from "../e2e/harness/command.ts";

/** The programs that Coracle is measured beside and with. */
export interface Programs {
  /** Absolute paths; undefined: not to be had. */
  readonly apibench: string | undefined;
  /** The folder of kube-apiserver and etcd. */
  readonly reference: string | undefined;
  /** Why something is undefined, as a sentence. */
  readonly why: string;
}

const root = new URL("../../", import.meta.url).pathname;
/** Recipes and sources that may lie beside the checkout. */
const recipe = `${root}../shared/conformance/build.sh`;
const apibenchSource = `${root}../shared/bench/apibench`;
const cache = `${root}.coracle/reference`;
const BUILD_MS = 3_600_000;

/**
 * Finds the programs in `directory`, or builds them from Go modules into a cache if the recipes and Go are there. Throws
 * if a directory was named that has not all of them.
 */
export async function findPrograms(
  names: readonly string[],
  directory: string | undefined,
): Promise<Programs> {
  if (directory !== undefined) {
    const absolute = await Deno.realPath(directory);
    const missing = await missingIn(absolute, [...names, "apibench"]);
    if (missing.length > 0) throw new Error(`${directory} has no ${missing.join(", no ")}`);
    return { apibench: `${absolute}/apibench`, reference: absolute, why: "" };
  }
  const without = (why: string) => ({ apibench: undefined, reference: undefined, why });
  if (await missingIn("/", [recipe]).then((missing) => missing.length > 0)) {
    return without("there is no recipe for the reference beside this checkout");
  }
  if ((await run(["sh", "-c", "command -v go"])).code !== 0) {
    return without("Go is not installed, which builds the reference");
  }
  return await build(names, without);
}

async function build(
  names: readonly string[],
  without: (why: string) => Programs,
): Promise<Programs> {
  await Deno.mkdir(cache, { recursive: true });
  const toBuild = await missingIn(cache, names);
  const commands: string[][] = [];
  if (toBuild.length > 0) commands.push(["bash", recipe, cache, ...toBuild]);
  if ((await missingIn(cache, ["apibench"])).length > 0) {
    commands.push(["go", "-C", apibenchSource, "build", "-o", `${cache}/apibench`, "."]);
  }
  for (const command of commands) {
    console.log(`building: ${command.slice(0, 2).join(" ")} …`);
    const { code, stderr } = await run(command, { timeoutMs: BUILD_MS });
    if (code !== 0) {
      return without(`the reference cannot be built: ${stderr.trim().split("\n").at(-1)}`);
    }
  }
  return { apibench: `${cache}/apibench`, reference: cache, why: "" };
}

async function missingIn(directory: string, names: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const name of names) {
    const path = name.startsWith("/") ? name : `${directory}/${name}`;
    const found = await Deno.stat(path).catch(() => undefined);
    if (!found?.isFile) missing.push(name);
  }
  return missing;
}
