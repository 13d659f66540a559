// Debian's Chromium, headless and quiet: it talks to nobody but the page under test. Screenshots are in build/screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { root } from "../e2e/harness.mjs";

const open = new Set();
after(() => Promise.all([...open].map((browser) => browser.close())));

export async function openBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  });
  open.add(browser);
  browser.on("disconnected", () => open.delete(browser));
  return browser;
}

export async function screenshot(page, name) {
  const folder = join(root, "build/screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
