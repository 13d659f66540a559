// A person signs examples/guestbook in a real browser.
import assert from "node:assert/strict";
import test from "node:test";
import { example, start } from "../e2e/harness.mjs";
import { openBrowser, screenshot } from "./browser.mjs";

test("the form signs the book and the page shows the entry as text", async () => {
  const server = await start(example("guestbook"));
  const browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.getByText("The first page is still empty.").waitFor();
  for (const [name, message] of [
    ["Ann", "What a lovely place.\nWe stayed for two days and left with flour on our sleeves."],
    ["Zoë & friends", 'We read "The Sea" aloud. <img src=x onerror=alert(1)>'],
    ["日本からの旅人", "とても静かでした。ありがとう。"],
  ]) {
    await page.getByLabel("Your name").fill(name);
    await page.getByLabel("Message").fill(message);
    await page.getByRole("button", { name: "Sign the book" }).click();
    await page.locator("article b", { hasText: name }).waitFor();
    assert.equal(page.url(), `${server.url}/`); // redirected, so a reload does not sign again
  }
  assert.equal(await page.locator("article").count(), 3);
  assert.equal(await page.locator("article img").count(), 0);
  assert.equal(await page.locator("article b").first().textContent(), "日本からの旅人");
  await screenshot(page, "guestbook");
  await page.reload();
  assert.equal(await page.locator("article").count(), 3);

  // The server checks too, not only the form.
  await page.getByLabel("Your name").evaluate((input) => input.removeAttribute("required"));
  await page.getByLabel("Message").fill("no name");
  await page.getByRole("button", { name: "Sign the book" }).click();
  await page.getByText("Please give both your name and a message.").waitFor();
  await browser.close();
  await server.stop();
});
