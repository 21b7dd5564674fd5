import type { UserInfo } from "../server/request_context.ts";

/** What a client may not say of itself to a server that believes the proxy. */
const spoken = /^x-remote-(user|uid|group|extra-.*)$/i;

/** Whether a header says who is asking. */
export function isUserHeader(name: string): boolean {
  return spoken.test(name);
}

/**
 * Who is asking, in the headers that aggregated servers believe from a known proxy. Source: "Configure the Aggregation
 * Layer". The platform sends texts as UTF-8, and none with characters beyond Latin-1; keys of extras are escaped as client-go does (percent signs and what no header's name may have).
 */
export function proxyHeaders(user: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { "x-remote-user": user.name };
  if (user.uid) headers["x-remote-uid"] = user.uid;
  if (user.groups.length > 0) headers["x-remote-group"] = [...user.groups];
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    if (values.length > 0) headers[`x-remote-extra-${escapeKey(key)}`] = [...values];
  }
  return headers;
}

function escapeKey(key: string): string {
  return key.replace(
    /[^!#$&'*+\-.^_`|~0-9A-Za-z]/gu,
    (char) =>
      [...new TextEncoder().encode(char)].map((byte) =>
        `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
      ).join(""),
  );
}
