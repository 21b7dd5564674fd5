import { parseListen } from "../../control/config.ts";
import type { Host } from "../../node/host/host.ts";

/** Names and addresses of this machine, as rights to the network are written. */
export function ownHosts(): string[] {
  const addresses = Deno.networkInterfaces()
    // An address that needs its link's name with it is nobody's webhook.
    .filter(({ address }) => !/^(127\.|169\.254\.|fe80:|::1$)/i.test(address))
    .map(({ address }) => address.includes(":") ? `[${address}]` : address);
  return ["127.0.0.1", "localhost", "[::1]", ...new Set(addresses)];
}

/** Only looked up, never sent to: RFC 5737 keeps this address for documentation. */
const SOMEWHERE = "203.0.113.1";

/**
 * The address with which this machine speaks to others, if the server listens on all of them; "" if it listens on one
 * anyway, or there is no way to others: then the server takes what it finds.
 */
export async function addressToOthers(host: Host, listen: string): Promise<string> {
  if (parseListen(listen)?.host !== "0.0.0.0") return "";
  const { code, stdout } = await host.run("ip", ["-4", "-json", "route", "get", SOMEWHERE]);
  if (code !== 0) return "";
  const [route] = JSON.parse(new TextDecoder().decode(stdout)) as { readonly prefsrc?: string }[];
  return route?.prefsrc ?? "";
}
