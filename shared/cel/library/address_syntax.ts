/** Why a text is no address: the message of Go's `net/netip`, which the API passes on. */
export function addressFault(text: string): string | undefined {
  for (const character of text) {
    if (character === ".") return ipv4Fault(text, text);
    if (character === ":") return new Ipv6Reader(text).fault();
    if (character === "%") return fault(text, "missing IPv6 address");
  }
  return fault(text, "unable to parse IP");
}

function fault(text: string, message: string, at = ""): string {
  const place = at === "" ? "" : ` (at ${JSON.stringify(at)})`;
  return `ParseAddr(${JSON.stringify(text)}): ${message}${place}`;
}

/** Four fields; `part` is all of `text`, or the end of an IPv6 address. */
function ipv4Fault(text: string, part: string): string | undefined {
  let fields = 0;
  let digits = "";
  for (let index = 0; index < part.length; index++) {
    const character = part[index]!;
    if (/[0-9]/.test(character)) {
      if (digits === "0") return fault(text, "IPv4 field has octet with leading zero");
      digits += character;
      if (Number(digits) > 255) return fault(text, "IPv4 field has value >255");
    } else if (character === ".") {
      if (digits === "" || index === part.length - 1) {
        return fault(text, "IPv4 field must have at least one digit", part.slice(index));
      }
      if (fields === 3) return fault(text, "IPv4 address too long");
      fields++;
      digits = "";
    } else return fault(text, "unexpected character", part.slice(index));
  }
  return fields < 3 ? fault(text, "IPv4 address too short") : undefined;
}

/** Reads an IPv6 address group by group. */
class Ipv6Reader {
  readonly #text: string;
  /** What is still to be read. */
  #rest: string;
  #bytes = 0;
  /** Where `::` is. */
  #gap = -1;

  constructor(text: string) {
    this.#text = text;
    this.#rest = text;
  }

  fault(): string | undefined {
    const zone = this.#rest.indexOf("%");
    if (zone >= 0) {
      if (zone === this.#rest.length - 1) return this.#fail("zone must be a non-empty string");
      this.#rest = this.#rest.slice(0, zone);
    }
    if (this.#rest.startsWith("::")) {
      this.#gap = 0;
      this.#rest = this.#rest.slice(2);
      if (this.#rest === "") return undefined;
    }
    while (this.#bytes < 16) {
      const step = this.#group();
      if (step === "end") break;
      if (step) return step;
    }
    if (this.#rest !== "") return this.#fail("trailing garbage after address", this.#rest);
    if (this.#bytes < 16) {
      return this.#gap < 0 ? this.#fail("address string too short") : undefined;
    }
    return this.#gap >= 0
      ? this.#fail("the :: must expand to at least one field of zeros")
      : undefined;
  }

  #group(): "end" | string | undefined {
    const rest = this.#rest;
    const [hex = ""] = /^[0-9a-fA-F]*/.exec(rest)!;
    if (hex.length > 4) return this.#fail("each group must have 4 or fewer digits", rest);
    if (hex === "") {
      return this.#fail("each colon-separated field must have at least one digit", rest);
    }
    if (rest[hex.length] === ".") return this.#embedded();
    this.#bytes += 2;
    this.#rest = rest.slice(hex.length);
    if (this.#rest === "") return "end";
    if (this.#rest[0] !== ":") return this.#fail("unexpected character, want colon", this.#rest);
    if (this.#rest.length === 1) {
      return this.#fail("colon must be followed by more characters", this.#rest);
    }
    this.#rest = this.#rest.slice(1);
    if (this.#rest[0] !== ":") return undefined;
    if (this.#gap >= 0) return this.#fail("multiple :: in address", this.#rest);
    this.#gap = this.#bytes;
    this.#rest = this.#rest.slice(1);
    return this.#rest === "" ? "end" : undefined;
  }

  #embedded(): "end" | string {
    if (this.#gap < 0 && this.#bytes !== 12) {
      return this.#fail(
        "embedded IPv4 address must replace the final 2 fields of the address",
        this.#rest,
      );
    }
    if (this.#bytes + 4 > 16) {
      return this.#fail(
        "too many hex fields to fit an embedded IPv4 at the end of the address",
        this.#rest,
      );
    }
    const wrong = ipv4Fault(this.#text, this.#rest);
    if (wrong) return wrong;
    this.#bytes += 4;
    this.#rest = "";
    return "end";
  }

  #fail(message: string, at = ""): string {
    return fault(this.#text, message, at);
  }
}
