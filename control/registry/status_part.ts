import type { KubeObject } from "../../shared/api/kind.ts";

type Loose = Record<string, unknown>;

export function dropStatus(object: KubeObject): void {
  delete (object as unknown as Loose).status;
}

/** `status` belongs to its own endpoint: the main one keeps what is stored. */
export function keepStatus(next: KubeObject, old: KubeObject): void {
  const { status } = old as unknown as Loose;
  if (status === undefined) dropStatus(next);
  else (next as unknown as Loose).status = status;
}

/** The status endpoint changes nothing else, metadata apart, which is the strategy's matter. */
export function keepAllButStatus(next: KubeObject, old: KubeObject): void {
  const target = next as unknown as Loose;
  for (const key of new Set([...Object.keys(next), ...Object.keys(old)])) {
    if (key === "metadata" || key === "status" || key === "kind" || key === "apiVersion") continue;
    const before = (old as unknown as Loose)[key];
    if (before === undefined) delete target[key];
    else target[key] = before;
  }
}
