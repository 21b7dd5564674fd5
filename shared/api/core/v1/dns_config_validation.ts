import { isIp } from "../../../meta/addresses.ts";
import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { regexMessage } from "../../../meta/names.ts";
import { check } from "../../validation.ts";
import type { PodDNSConfig } from "./types.gen.ts";

/** The limits of resolv.conf. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;
const MAX_DOMAIN_CHARACTERS = 253;
const domainFormat = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
const domainPattern = new RegExp(`^${domainFormat}$`);

/** The resolver settings of a pod; required where the policy leaves everything to them. */
export function validateDnsConfig(
  config: PodDNSConfig | undefined,
  policy: string | undefined,
  path: string,
): readonly FieldError[] {
  if (policy === "None") {
    if (!config) {
      const detail = "must provide `dnsConfig` when `dnsPolicy` is None";
      return [required(path, detail)];
    }
    if (!config.nameservers?.length) {
      const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
      return [required(`${path}.nameservers`, detail)];
    }
  }
  if (!config) return [];
  const { nameservers = [], searches = [], options = [] } = config;
  const errors: FieldError[] = [];
  if (nameservers.length > MAX_NAMESERVERS) {
    const detail = `must not have more than ${MAX_NAMESERVERS} nameservers`;
    errors.push(invalid(`${path}.nameservers`, nameservers, detail));
  }
  nameservers.forEach((server, i) => {
    errors.push(...check(server, `${path}.nameservers[${i}]`, isIp));
  });
  errors.push(...validateSearches(searches, `${path}.searches`));
  options.forEach(({ name }, i) => {
    if (!name) errors.push(required(`${path}.options[${i}]`, "must not be empty"));
  });
  return errors;
}

function validateSearches(searches: readonly string[], path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (searches.length > MAX_SEARCHES) {
    const detail = `must not have more than ${MAX_SEARCHES} search paths`;
    errors.push(invalid(path, searches, detail));
  }
  if (searches.join(" ").length > MAX_SEARCH_CHARACTERS) {
    const detail =
      `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`;
    errors.push(invalid(path, searches, detail));
  }
  searches.forEach((search, i) => {
    // The root, and domains that end in it, are fine.
    const domain = search === "." ? "root" : search.replace(/\.$/, "");
    errors.push(...check(domain, `${path}[${i}]`, isSearchDomain));
  });
  return errors;
}

/** A subdomain whose labels may have underscores, also in front (KEP-4427). */
function isSearchDomain(domain: string): readonly string[] {
  const messages = domain.length > MAX_DOMAIN_CHARACTERS
    ? [`must be no more than ${MAX_DOMAIN_CHARACTERS} characters`]
    : [];
  if (domainPattern.test(domain)) return messages;
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, " +
    "'_', '-' or '.', and must start and end with an alphanumeric character";
  return [...messages, regexMessage(rule, domainFormat, ["example.com"])];
}
