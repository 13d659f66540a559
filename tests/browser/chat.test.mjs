// Two real browser windows talk to each other in examples/chat.
import assert from "node:assert/strict";
import test from "node:test";
import { example, start } from "../e2e/harness.mjs";
import { openBrowser, screenshot } from "./browser.mjs";

async function enter(context, server, name, room) {
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(server.url);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Room").fill(room);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText(/\d here/).waitFor();
  return { page, problems };
}

async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

test("two windows exchange messages, see each other come and go, and find the history again", async () => {
  const server = await start(example("chat"));
  const browser = await openBrowser();
  const ann = await enter(await browser.newContext(), server, "Ann Lee", "Tea room");
  await screenshot(ann.page, "chat-alone");
  const bob = await enter(await browser.newContext({ colorScheme: "dark" }), server, "Bob", "tea-room");
  await ann.page.getByText("Bob came in").waitFor();
  await ann.page.getByText("2 here").waitFor();

  await say(ann.page, "Hello Bob, is the kettle on?");
  await bob.page.getByText("Hello Bob, is the kettle on?").waitFor();
  await say(bob.page, "It is. <b>Two minutes</b> ☕");
  await say(bob.page, "Milk?");
  await ann.page.getByText("It is. <b>Two minutes</b> ☕").waitFor();
  await say(
    ann.page,
    "Yes please, and bring the biscuits:\nthe good ones from the tin behind the flour, not the ones that Carl brought last week.",
  );
  await bob.page.getByText("the good ones").waitFor();
  assert.equal(await bob.page.locator(".message").count(), 4);
  assert.equal(await bob.page.locator(".message.mine").count(), 2);
  await screenshot(ann.page, "chat-light");
  await screenshot(bob.page, "chat-dark");

  bob.page.once("dialog", (dialog) => dialog.accept("Robert"));
  await bob.page.getByRole("button", { name: "Change name" }).click();
  await ann.page.getByText("Bob is now Robert").waitFor();

  await bob.page.reload();
  await bob.page.getByText("Milk?").waitFor();
  await ann.page.getByText("Robert left").waitFor();
  await ann.page.getByText("Robert came in").waitFor();
  await bob.page.close();
  await ann.page.getByText("1 here").waitFor();
  assert.deepEqual([...ann.problems, ...bob.problems], []);

  const phone = await browser.newContext({ viewport: { width: 390, height: 780 } });
  const carl = await enter(phone, server, "Carl", "tea-room");
  await carl.page.getByText("Milk?").waitFor();
  await screenshot(carl.page, "chat-phone");
  await browser.close();
  await server.stop();
});

test("a window comes back by itself when the server was away, without losing or repeating a message", async () => {
  const first = await start(example("chat"));
  const browser = await openBrowser();
  const ann = await enter(await browser.newContext(), first, "Ann", "general");
  await say(ann.page, "before");
  await ann.page.getByText("before").waitFor();
  await first.stop();
  await ann.page.getByText("Reconnecting").waitFor();
  const second = await start(example("chat"), { persist: first.persist, port: Number(new URL(first.url).port) });
  await ann.page.getByText("1 here").waitFor();
  await say(ann.page, "after");
  await ann.page.getByText("after").waitFor();
  assert.deepEqual(await ann.page.locator(".bubble").allTextContents(), ["before", "after"]);
  await browser.close();
  await second.stop();
});
