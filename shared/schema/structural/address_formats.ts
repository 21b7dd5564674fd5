/** What a host may contain besides letters, digits and what is beyond ASCII (RFC 3986 `reg-name`, with Go's liberties). */
const hostText = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\u{10ffff}]*$/u;
const userText = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;

/**
 * An absolute URI or an absolute path, as Go's url.ParseRequestURI takes it.
 */
export function isRequestUri(text: string): boolean {
  // deno-lint-ignore no-control-regex -- They are what is looked for.
  if (text === "" || /[\x00-\x1f\x7f]/.test(text)) return false;
  if (text === "*") return true;
  if (text.startsWith(":")) return false;
  const [, scheme, rest = ""] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(.*)$/s.exec(text) ?? [];
  const [path = ""] = rest.split("?", 1);
  if (!path.startsWith("/")) return scheme !== undefined;
  if (scheme === undefined || !path.startsWith("//")) return isEscaped(path);
  const end = path.indexOf("/", 2);
  const authority = end < 0 ? path.slice(2) : path.slice(2, end);
  return isAuthority(authority) && isEscaped(end < 0 ? "" : path.slice(end));
}

/** Whether every percent sign begins an escape. */
function isEscaped(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf("@");
  const user = at < 0 ? "" : authority.slice(0, at);
  if (!userText.test(user) || !isEscaped(user)) return false;
  const host = authority.slice(at + 1);
  if (host.startsWith("[")) {
    const close = host.lastIndexOf("]");
    return close > 0 && /^(?::\d*)?$/.test(host.slice(close + 1));
  }
  const colon = host.lastIndexOf(":");
  if (colon >= 0 && !/^\d*$/.test(host.slice(colon + 1))) return false;
  return hostText.test(host);
}

const atomText = String.raw`A-Za-z0-9!#$%&'*+\-/=?^_\x60{|}~\u0080-\u{10ffff}`;
const atom = `[${atomText}]+`;
const quoted = String.raw`"(?:[^"\\\r\n]|\\.)*"`;
const addressSpec =
  `(?:${atom}(?:\\.${atom})*|${quoted})@(?:${atom}(?:\\.${atom})*|\\[[^\\[\\]\\\\]*\\])`;
const bare = new RegExp(`^\\s*${addressSpec}\\s*$`, "u");
/** Words, then the address between angle brackets. */
const named = new RegExp(`^(?:[${atomText}.\\s]|${quoted})*<${addressSpec}>\\s*$`, "u");
/** RFC 5321: what is longer is no address, and need not be looked at. */
const maxAddress = 1024;

/** One mail address, with or without a name (RFC 5322 `mailbox`). */
export function isEmailAddress(text: string): boolean {
  if (text.length > maxAddress) return false;
  return text.includes("<") ? named.test(text) : bare.test(text);
}
