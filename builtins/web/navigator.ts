// HTML § 8.9 navigator, as Workers have it.

import { fetch } from "./fetch";
import { defineInterface, missingArgument, toUSVString } from "./webidl";

const internal = Symbol("internal");
const languages: readonly string[] = Object.freeze(["en"]);

export class Navigator {
  #brand = true;

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }
  get userAgent(): string {
    void this.#brand;
    return "Cloudflare-Workers";
  }
  get hardwareConcurrency(): number {
    void this.#brand;
    return 1;
  }
  get language(): string {
    void this.#brand;
    return "en";
  }
  get languages(): readonly string[] {
    void this.#brand;
    return languages;
  }
  get platform(): string {
    void this.#brand;
    return "";
  }
  /** Beacon § 3.1: a POST that nobody waits for, except the invocation. */
  sendBeacon(url: string, data: unknown = undefined): boolean {
    void this.#brand;
    if (arguments.length === 0) missingArgument("sendBeacon", "Navigator", 1, "string");
    fetch(toUSVString(url), { method: "POST", body: data, redirect: "follow", keepalive: true }).then(
      (response) => void response.body?.cancel(),
      () => {},
    );
    return true;
  }
}
defineInterface(Navigator, "Navigator");

export const navigator = new Navigator(internal);
