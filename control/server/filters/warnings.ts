import type { Filter } from "../request_context.ts";

/** The whole of all warnings may not grow without bound (the reference stops at 4 KiB). */
const maxWarningBytes = 4 * 1024;

/** Sends what handlers and plugins warned about as `Warning: 299` headers (RFC 7234, KEP-1693). */
export function warnings(): Filter {
  return async (c, next) => {
    await next();
    const texts = c.get("warnings") ?? [];
    if (texts.length === 0) return;
    let size = 0;
    for (const text of new Set(texts)) {
      size += text.length;
      if (size > maxWarningBytes) return;
      c.res.headers.append("warning", `299 - ${quote(text)}`);
    }
  };
}

function quote(text: string): string {
  // Headers carry no line breaks and only Latin-1.
  const clean = text.replace(/[\r\n]+/g, " ").replace(/[^\x20-\x7e]/g, "?");
  return `"${clean.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
