import { assertEquals, test } from "../../web/harness.js";

/** A test for each of the two buckets: one is the running shard's own, the other another shard's. */
export function onEach(name, body, options) {
  for (const binding of ["R2_FIRST", "R2_SECOND"])
    test(`${name} (${binding})`, ({ env, ctx }) => body(env[binding], env, ctx), options);
}

/** The bucket with nothing in it. */
export async function emptied(bucket) {
  let page;
  do {
    page = await bucket.list();
    if (page.objects.length > 0) await bucket.delete(page.objects.map(({ key }) => key));
  } while (page.truncated);
  return bucket;
}

export const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (octet) => octet.toString(16).padStart(2, "0")).join("");

/** Octets that differ from place to place. */
export function pattern(length, seed = 1) {
  const octets = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    octets[index] = state >>> 24;
  }
  return octets;
}

export const digest = async (algorithm, data) => hex(await crypto.subtle.digest(algorithm, data));

export async function assertContent(object, octets) {
  const bytes = await object.bytes();
  assertEquals(bytes.length, octets.length);
  assertEquals(await digest("SHA-256", bytes), await digest("SHA-256", octets));
}

/** What an object says: workerd's have fields that are undefined, too. */
export const plain = (object) =>
  object && Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
