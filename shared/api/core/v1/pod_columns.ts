import type { Column, KubeObject } from "../../kind.ts";
import type { PodTemplateSpec } from "./types.gen.ts";

/** The wide columns `Containers` and `Images` of a kind with a pod template. */
export function containerColumns<T extends KubeObject>(
  templateOf: { of(obj: T): PodTemplateSpec | undefined }["of"],
  priority = 1,
): readonly Column<T>[] {
  const list = (obj: T, field: "name" | "image") =>
    (templateOf(obj)?.spec?.containers ?? []).map((container) => container[field] ?? "").join(",");
  return [
    { name: "Containers", type: "string", priority, cell: (obj) => list(obj, "name") },
    { name: "Images", type: "string", priority, cell: (obj) => list(obj, "image") },
  ];
}
