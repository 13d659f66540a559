// A table per test: the tests of a folder share their databases.
import { AssertionError, test } from "../../web/harness.js";

let count = 0;

/** A test with the database and the name of a fresh table of (id INTEGER PRIMARY KEY, a, b). */
export function onTable(name, body, options) {
  const table = `t${++count}`;
  test(
    name,
    async ({ env }) => {
      const db = env.D1_MAIN;
      await db.exec(`DROP TABLE IF EXISTS ${table}`);
      await db.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, a, b)`);
      await body(db, table, env);
    },
    options,
  );
}

export function assertThrowsMessage(body, message) {
  try {
    body();
  } catch (error) {
    if (!error.message.startsWith(message)) throw new AssertionError(`threw "${error.message}", not "${message}"`);
    return error;
  }
  throw new AssertionError(`threw nothing, not "${message}"`);
}

/** The message with which the promise is rejected. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return `${error.message} / ${error.cause?.message}`;
  }
  return "no error";
}
