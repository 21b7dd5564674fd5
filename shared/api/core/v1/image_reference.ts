const NAME_PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const DOMAIN = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?";
const REFERENCE = new RegExp(
  `^(?:${DOMAIN}/)?${NAME_PART}(?:/${NAME_PART})*(?::([\\w][\\w.-]{0,127}))?(@[A-Za-z0-9_+.-]+:[0-9a-fA-F]{32,})?$`,
);

/**
 * The pull policy of an image whose spec names none: `Always` if it means the tag `latest`, else `IfNotPresent`
 * (also for what is no image reference at all).
 */
export function defaultPullPolicy(image: string | undefined): "Always" | "IfNotPresent" {
  const match = REFERENCE.exec(image ?? "");
  if (!match) return "IfNotPresent";
  const [, tag, digest] = match;
  return tag === "latest" || (tag === undefined && digest === undefined)
    ? "Always"
    : "IfNotPresent";
}
