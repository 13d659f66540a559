// HTML § 8.9 navigator, as Workers have it.

import { defineInterface } from "./webidl";

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
}
defineInterface(Navigator, "Navigator");

export const navigator = new Navigator(internal);
