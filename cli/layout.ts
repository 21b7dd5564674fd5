/** Where `coracle up` keeps what. */
export interface Layout {
  readonly dataDir: string;
  readonly serverDir: string;
  readonly agentDir: string;
  /** Process records. */
  readonly runDir: string;
  readonly logDir: string;
  /** For users: cluster administrator. */
  readonly kubeconfig: string;
  /** What the machine looked like before (see footprint/), and how the node was set up. */
  readonly installation: string;
}

/** The layout below `dataDir`, which is absolute. */
export function layoutOf(dataDir: string): Layout {
  return {
    dataDir,
    serverDir: `${dataDir}/server`,
    agentDir: `${dataDir}/agent`,
    runDir: `${dataDir}/run`,
    logDir: `${dataDir}/log`,
    kubeconfig: `${dataDir}/admin.kubeconfig`,
    installation: `${dataDir}/installation.json`,
  };
}

/** `path` as an absolute path without dots; relative ones start at `cwd`. */
export function absolute(path: string, cwd: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
