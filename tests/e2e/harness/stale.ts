import { signal } from "./command.ts";
import { processesWith } from "./leftovers.ts";

const PREFIX = "cor-e2e";

/** What a run calls all its things: holds the process ID. */
export function runName(pid: number): string {
  return `${PREFIX}${pid}`;
}

/** Where a run keeps its files. */
export function directoryOf(run: string): string {
  return `${Deno.env.get("TMPDIR") ?? "/tmp"}/${run}`;
}

/** Names of runs that were killed before they could clean up; what they started is killed here. */
export async function staleRuns(): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir("/run/netns")).catch(() => []))
    .flatMap(({ name }) => new RegExp(`^${PREFIX}(\\d+)$`).exec(name) ?? [])
    .filter((text) => /^\d+$/.test(text))
    .filter((pid) => !isAlive(Number(pid)))
    .map((pid) => runName(Number(pid)));
  for (const name of names) {
    for (const { pid, line } of await processesWith([`${directoryOf(name)}/`])) {
      // Those look after containers, which the node's removal ends.
      if (line.includes("conmon")) continue;
      signal({ kill: (how) => Deno.kill(pid, how) }, "SIGKILL");
    }
  }
  return names;
}

/** Whether the process is a Deno still: its ID may be another program's by now, and a zombie has no command line. */
function isAlive(pid: number): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("deno");
  } catch {
    return false;
  }
}
