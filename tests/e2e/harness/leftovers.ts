/** A node that was taken apart. */
interface RemovedNode {
  /** UIDs of all pods that it had. */
  readonly pods: readonly string[];
  /** Paths that only this node has. */
  readonly marks: readonly string[];
  /** Runs a program in the node's network namespace; resolves to its output. */
  inside(...command: string[]): Promise<string>;
}

/** UIDs of the pods that an agent keeps something of below its data directory. */
export async function podsOf(dataDir: string): Promise<string[]> {
  const names = [
    ...await namesIn(`${dataDir}/kubelet/pods`),
    ...await namesIn(`${dataDir}/network/results`),
  ];
  return [...new Set(names.map((name) => name.replace(/\.json$/, "")))];
}

/** What a node left on the machine, one line for each thing; empty if it is gone without a trace. */
export async function nodeLeftovers({ pods, marks, inside }: RemovedNode): Promise<string[]> {
  const rules = (await inside("iptables-save")).split("\n")
    .filter((line) => /KUBE-|CORACLE/i.test(line) && !line.startsWith("#"));
  const links = (await inside("ip", "-o", "link")).split("\n")
    .flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? [])
    .filter((name) => !["lo", "eth0", "ifb0", "ifb1"].includes(name));
  const mine = (line: string) => [...marks, ...pods].some((mark) => line.includes(mark));
  return [
    ...rules.map((rule) => `rule ${rule}`),
    ...links.map((link) => `link ${link}`),
    ...(await Deno.readTextFile("/proc/self/mountinfo")).split("\n").filter(mine)
      .map((line) => `mount ${line.split(" ")[4]}`),
    ...(await namesIn("/run/netns")).filter(mine).map((name) => `namespace ${name}`),
    ...(await namesIn("/var/log/pods")).filter(mine).map((name) => `log ${name}`),
    ...(await cgroups()).filter(mine).map((path) => `control group ${path}`),
    ...(await processesWith([...marks, ...pods])).map(({ pid, line }) => `process ${pid} ${line}`),
  ];
}

async function cgroups(): Promise<string[]> {
  const found: string[] = [];
  const root = "/sys/fs/cgroup";
  for (const hierarchy of ["", ...(await namesIn(root)).map((name) => `/${name}`)]) {
    for (const tier of ["", "/burstable", "/besteffort"]) {
      const directory = `${root}${hierarchy}/kubepods${tier}`;
      for (const name of await namesIn(directory)) found.push(`${directory}/${name}`);
    }
  }
  return found;
}

/** Processes whose command lines contain one of the marks, this one apart. */
export async function processesWith(
  marks: readonly string[],
): Promise<{ readonly pid: number; readonly line: string }[]> {
  const found: { pid: number; line: string }[] = [];
  for (const name of (await namesIn("/proc")).filter((name) => /^\d+$/.test(name))) {
    const text = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    const line = text.replaceAll("\0", " ");
    const mine = Number(name) !== Deno.pid && marks.some((mark) => line.includes(mark));
    if (mine) found.push({ pid: Number(name), line });
  }
  return found;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  } catch {
    return [];
  }
}
