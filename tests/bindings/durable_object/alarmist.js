// An object whose alarm() does what `plan` says, and notes what it saw.
import { DurableObject } from "cloudflare:workers";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Alarmist extends DurableObject {
  log = [];
  plan = "note";

  /** One of the steps below. */
  async step(name, ...args) {
    return this[`step_${name}`](...args);
  }
  async arm(delay_ms, plan = "note") {
    this.log = [];
    this.plan = plan;
    const time = Date.now() + delay_ms;
    await this.ctx.storage.setAlarm(time);
    return time;
  }
  async seen() {
    return { log: this.log, alarm: await this.ctx.storage.getAlarm() };
  }

  async alarm(info) {
    const { storage } = this.ctx;
    this.log.push({ ...info, at: Date.now(), alarm: await storage.getAlarm(), name: this.ctx.id.name });
    const runs = this.log.length;
    if (this.plan === "fail" && runs < 2) throw new Error("the alarm fails, as planned");
    if (this.plan === "set and fail" && runs < 2) {
      await storage.setAlarm(Date.now() + 100);
      throw new Error("the alarm fails, as planned");
    }
    if (this.plan === "delete and fail") {
      await storage.deleteAlarm();
      throw new Error("the alarm fails, as planned");
    }
    if (this.plan === "again" && runs < 3) {
      await storage.setAlarm(Date.now() + 10);
      await sleep(50);
    }
    if (this.plan === "slow") {
      await sleep(200);
      this.log.push("end", await storage.getAlarm());
    }
    if (this.plan === "undone") {
      await storage
        .transaction(async (transaction) => {
          await transaction.setAlarm(Date.now() + 60_000);
          throw new Error("undone");
        })
        .catch(() => {});
      this.log.push(await storage.getAlarm());
    }
    if (this.plan === "put") await storage.put("ran", ((await storage.get("ran")) ?? 0) + 1);
  }

  async step_setAndGet() {
    const { storage } = this.ctx;
    const found = [await storage.getAlarm()];
    for (const time of [9e12, new Date(8e12), 7e12 + 0.75]) {
      await storage.setAlarm(time);
      found.push(await storage.getAlarm());
    }
    await storage.deleteAlarm();
    return [...found, await storage.getAlarm(), await storage.deleteAlarm()];
  }
  async step_wrong(...args) {
    return this.ctx.storage.setAlarm(...args);
  }
  async step_wrongOptions() {
    return this.ctx.storage.getAlarm(5);
  }
  async step_past() {
    await this.ctx.storage.setAlarm(5);
    const alarm = await this.ctx.storage.getAlarm();
    await this.ctx.storage.deleteAlarm();
    return Math.abs(alarm - Date.now());
  }
  async step_transactions() {
    const { storage } = this.ctx;
    const found = [];
    await storage.setAlarm(9e12);
    await storage
      .transaction(async (transaction) => {
        await transaction.setAlarm(8e12);
        found.push(await transaction.getAlarm());
        throw new Error("undone");
      })
      .catch(() => {});
    found.push(await storage.getAlarm());
    await storage.transaction(async (transaction) => {
      await transaction.deleteAlarm();
      found.push(await transaction.getAlarm());
      transaction.rollback();
    });
    found.push(await storage.getAlarm());
    storage.transactionSync(() => void storage.setAlarm(7e12));
    found.push(await storage.getAlarm());
    await storage.deleteAlarm();
    return found;
  }
  async step_deleteAll() {
    await this.ctx.storage.put("a", 1);
    await this.ctx.storage.setAlarm(9e12);
    await this.ctx.storage.deleteAll();
    const found = [await this.ctx.storage.getAlarm(), await this.ctx.storage.get("a")];
    await this.ctx.storage.deleteAlarm();
    return found;
  }
  async step_hidden() {
    const { storage } = this.ctx;
    await storage.setAlarm(9e12);
    const keys = [...(await storage.list()).keys(), ...(await storage.list({ reverse: true })).keys()];
    await storage.deleteAlarm();
    return keys;
  }
  async step_ran() {
    return (await this.ctx.storage.get("ran")) ?? 0;
  }
}
