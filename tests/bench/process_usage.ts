/** What processes have used since they began, and what they hold now. */
export interface Usage {
  /** Time on a processor, of children that have ended too. Resolution 10 ms. */
  readonly cpuMs: number;
  readonly rssMb: number;
  /** As RSS, but what is shared counts by its share. */
  readonly pssMb: number;
  /** Sent to the disk. Of living processes alone. */
  readonly writtenKb: number;
  /** How often a thread went to sleep to wait for something: each time it wakes again. */
  readonly wakeups: number;
}

/** USER_HZ, which is 100 on every Linux that is used; fields of /proc/PID/stat count in it. */
const TICK_MS = 10;

/** Adds up. */
export function totalUsage(usages: readonly Usage[]): Usage {
  const sum = (field: keyof Usage) => usages.reduce((total, usage) => total + usage[field], 0);
  return {
    cpuMs: sum("cpuMs"),
    rssMb: sum("rssMb"),
    pssMb: sum("pssMb"),
    writtenKb: sum("writtenKb"),
    wakeups: sum("wakeups"),
  };
}

/** One process. Throws if there is none with this number, or if it may not be looked at. */
export function usageOf(pid: number): Usage {
  const read = (name: string) => Deno.readTextFileSync(`/proc/${pid}/${name}`);
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
  return {
    cpuMs: cpuMs(read("stat")),
    rssMb: field(read("status"), "VmRSS") / 1024,
    pssMb: field(read("smaps_rollup"), "Pss") / 1024,
    writtenKb: field(read("io"), "write_bytes") / 1024,
    wakeups: threads.reduce(
      (total, { name }) => total + threadWakeups(`/proc/${pid}/task/${name}/status`),
      0,
    ),
  };
}

/** These processes, all their descendants, and what they use together. */
export function usageOfTrees(roots: readonly number[]): Usage {
  return totalUsage(descendants(roots, parents()).map(usageOf));
}

/** The roots and everything below them. */
export function descendants(
  roots: readonly number[],
  parentOf: ReadonlyMap<number, number>,
): number[] {
  const found = new Set(roots);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parentOf) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** utime, stime and those of children that were waited for: fields 14 to 17 of /proc/PID/stat (proc(5)). */
export function cpuMs(stat: string): number {
  // The program's name stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks) * TICK_MS, 0);
}

function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      found.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch { /* it ended meanwhile */ }
  }
  return found;
}

function threadWakeups(path: string): number {
  try {
    return field(Deno.readTextFileSync(path), "voluntary_ctxt_switches");
  } catch {
    return 0; // The thread ended meanwhile.
  }
}

/** The number of a line `name:  123 kB`. */
function field(text: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text);
  return match ? Number(match[1]) : 0;
}
