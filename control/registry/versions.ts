import type { KindDefinition, KubeObject } from "../../shared/api/kind.ts";

/** An object of `view` as it is stored: the object itself unless `view` is another version of the stored kind. */
export function toStored(view: KindDefinition, object: KubeObject): KubeObject {
  return view.storedAs ? view.storedAs.toStored(object) : object;
}

/** A stored object as `view` shows it. */
export function fromStored(view: KindDefinition, object: KubeObject): KubeObject {
  return view.storedAs ? view.storedAs.fromStored(object) : object;
}
