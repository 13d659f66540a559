// Alarms of several objects each, whose ids spread them over the shards.
import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";

const run = `${Date.now()}-${Math.random()}`;
let names = 0;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function onEach(name, body, options) {
  test(
    name,
    async ({ env }) => {
      await Promise.all(
        Array.from({ length: 4 }, () => {
          const id = `alarm-${run}-${++names}`;
          return body(env.ALARMIST.getByName(id), { name: id, fresh: () => env.ALARMIST.getByName(id) });
        }),
      );
    },
    options,
  );
}

/** What the object has seen, once its log is that long. */
async function seen(stub, length) {
  for (let tries = 0; tries < 200; tries++) {
    const found = await stub.seen();
    if (found.log.length >= length) return found;
    await sleep(20);
  }
  throw new Error(`the alarm did not run ${length} times: ${JSON.stringify(await stub.seen())}`);
}

onEach("an alarm is what was set last, in whole milliseconds, until it is deleted", async (stub) => {
  assertEquals(await stub.step("setAndGet"), [null, 9e12, 8e12, 7e12, null, undefined]);
});

onEach("an alarm in the past is one for now", async (stub) => {
  assert((await stub.step("past")) < 1000);
});

onEach("wrong arguments", async (stub) => {
  const type = "Failed to execute 'setAlarm' on 'DurableObjectStorage': parameter 1 is not of type 'date'.";
  for (const value of [undefined, null, "9000000000000", {}])
    await assertRejects(stub.step("wrong", value), TypeError, type);
  await assertRejects(
    stub.step("wrong", NaN),
    TypeError,
    "The value cannot be converted because it is not a valid Date.",
  );
  await assertRejects(stub.step("wrong", -5), TypeError, "setAlarm() cannot be called with an alarm time <= 0");
  await assertRejects(stub.step("wrong", 1e18), TypeError, "This API doesn't support dates after 2189.");
  await assertRejects(stub.step("wrong", 9e12, 5), TypeError, "parameter 2 is not of type 'SetAlarmOptions'.");
  await assertRejects(stub.step("wrongOptions"), TypeError, "parameter 1 is not of type 'GetAlarmOptions'.");
});

onEach("alarms belong to transactions", async (stub) => {
  assertEquals(await stub.step("transactions"), [8e12, 9e12, null, 9e12, 7e12]);
});

onEach("deleteAll() before 2026-02-24 keeps the alarm", async (stub) => {
  assertEquals(await stub.step("deleteAll"), [9e12, undefined]);
});

onEach("an alarm is no key", async (stub) => {
  assertEquals(await stub.step("hidden"), []);
});

onEach("an alarm runs once at its time, and is gone", async (stub, { name }) => {
  const time = await stub.arm(100);
  const { log, alarm } = await seen(stub, 1);
  const [{ at, ...info }] = log;
  assertEquals(info, { scheduledTime: time, retryCount: 0, isRetry: false, alarm: null, name });
  assert(at >= time - 1 && at < time + 2000, `${at - time} ms late`);
  assertEquals(alarm, null);
  await sleep(100);
  assertEquals((await stub.seen()).log.length, 1);
});

onEach("a deleted alarm does not run, nor does one that was moved run twice", async (stub) => {
  await stub.arm(1000);
  await stub.arm(1500, "put");
  await sleep(1100);
  assertEquals(await stub.step("ran"), 0);
  await seen(stub, 1);
  assertEquals(await stub.step("ran"), 1);
  await stub.arm(1000, "put");
  await stub.step("hidden"); // ends with deleteAlarm()
  await sleep(1100);
  assertEquals(await stub.step("ran"), 1);
});

onEach("while alarm() runs there is no alarm, unless it sets one, which runs after it", async (stub) => {
  await stub.arm(20, "again");
  const { log, alarm } = await seen(stub, 3);
  assertEquals([log.map((info) => info.alarm), alarm], [[null, null, null], null]);
  assert(log.every((info) => info.retryCount === 0));
  assert(log[1].at >= log[0].at + 49, "two alarms ran at once");
});

onEach("events reach an object while its alarm() waits", async (stub) => {
  await stub.arm(20, "slow");
  const { log, alarm } = await seen(stub, 1);
  assertEquals([log.length, alarm], [1, null]);
  assertEquals((await seen(stub, 3)).log.slice(1), ["end", null]);
});

onEach("an alarm that fails is tried again after two seconds", async (stub) => {
  const time = await stub.arm(20, "fail");
  const waiting = await seen(stub, 1);
  await sleep(20);
  assertEquals((await stub.seen()).alarm, time);
  const { log } = await seen(stub, 2);
  assertEquals([log[1].retryCount, log[1].isRetry, log[1].scheduledTime, log[1].alarm], [1, true, time, null]);
  assert(log[1].at - waiting.log[0].at >= 1900, `after ${log[1].at - waiting.log[0].at} ms`);
  for (let tries = 0; tries < 50 && (await stub.seen()).alarm !== null; tries++) await sleep(10);
  assertEquals((await stub.seen()).alarm, null);
});

onEach("an alarm that sets another one and fails is not tried again", async (stub) => {
  await stub.arm(20, "set and fail");
  const { log } = await seen(stub, 2);
  assertEquals(
    log.map((info) => info.retryCount),
    [0, 0],
  );
});

onEach("an alarm that deletes itself and fails is not tried again", async (stub) => {
  await stub.arm(20, "delete and fail");
  await seen(stub, 1);
  await sleep(2300);
  assertEquals((await stub.seen()).log.length, 1);
});

onEach("an alarm that was set in alarm() but undone does not count", async (stub) => {
  await stub.arm(20, "undone");
  assertEquals((await seen(stub, 2)).log[1], null);
  assertEquals((await stub.seen()).alarm, null);
});

test("a class without alarm() can set none", async ({ env }) => {
  const stub = env.ACTOR.getByName(`alarm-${run}-none`);
  await assertRejects(
    stub.fetch("http://o/setAlarm"),
    TypeError,
    "Your Durable Object class must have an alarm() handler in order to call setAlarm()",
  );
});
