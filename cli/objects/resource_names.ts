import type { NamedResource } from "../../shared/client/discovery.ts";
import { nearest } from "../../shared/config/arguments.ts";

/**
 * The resource that a word names as kubectl reads it: plural, singular, short name or kind, with the group behind a dot if
 * it is to be told from others (`deploy`, `Deployment`, `deployments.apps`). The first of the list wins. Throws one clear
 * sentence if there is none.
 */
export function findResource(
  resources: readonly NamedResource[],
  word: string,
): NamedResource {
  const wanted = word.toLowerCase();
  const found = resources.find((resource) =>
    namesOf(resource).some((name) => name === wanted || `${name}.${resource.group}` === wanted)
  );
  if (found) return found;
  const near = nearest(wanted, resources.map(({ plural }) => plural));
  throw new Error(
    `Cannot find resource "${word}": the server has none${near ? ` (did you mean ${near}?)` : ""}`,
  );
}

function namesOf({ plural, singular, kind, shortNames }: NamedResource): string[] {
  return [plural, singular, kind.toLowerCase(), ...shortNames].filter((name) => name !== "");
}

/** `deployment/web`, or `deployment` and `web` as two words. */
export function splitNames(
  words: readonly string[],
): { readonly resource: string | undefined; readonly name: string | undefined } {
  const [first, second] = words;
  const slash = first?.indexOf("/") ?? -1;
  if (slash < 0) return { resource: first, name: second };
  return { resource: first!.slice(0, slash), name: first!.slice(slash + 1) };
}
