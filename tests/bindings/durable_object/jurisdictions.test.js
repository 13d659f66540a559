// Jurisdictions, https://developers.cloudflare.com/durable-objects/reference/data-location/: ids of one are others than those without, carry
// it through their text, and a namespace that is restricted to one refuses all others.
import { env } from "cloudflare:workers";
import { assert, assertEquals, assertThrows, test } from "../../web/harness.js";

const workerd = "throws for every jurisdiction";
const json = async (stub, path) => (await stub.fetch(`https://object/${path}`)).json();
const namespaceOf = (jurisdiction) => env.PROBE.jurisdiction(jurisdiction);

test(
  "the same name is another object in each jurisdiction",
  () => {
    const ids = [env.PROBE, ...["eu", "fedramp", "fedramp-high", "us"].map(namespaceOf)].map((n) =>
      n.idFromName("same"),
    );
    assertEquals(new Set(ids.map(String)).size, 5);
    assert(ids.every((id) => /^[0-9a-f]{64}$/.test(String(id))));
    assertEquals(
      ids.map((id) => id.jurisdiction),
      [undefined, "eu", "fedramp", "fedramp-high", "us"],
    );
    assert(!ids[0].equals(ids[1]));
    assert(namespaceOf("eu").idFromName("same").equals(ids[1]));
  },
  { workerd },
);

test(
  "an id has its jurisdiction, however it was made",
  () => {
    const eu = namespaceOf("eu");
    for (const id of [eu.newUniqueId(), env.PROBE.newUniqueId({ jurisdiction: "eu" }), eu.idFromName("x")]) {
      assertEquals(id.jurisdiction, "eu");
      assertEquals(env.PROBE.idFromString(String(id)).jurisdiction, "eu");
      assertEquals(eu.idFromString(String(id)).jurisdiction, "eu");
    }
    assertEquals(eu.newUniqueId({ jurisdiction: "eu" }).jurisdiction, "eu");
    assertEquals(env.PROBE.newUniqueId().jurisdiction, undefined);
  },
  { workerd },
);

test(
  "the namespace without a jurisdiction takes every id, a restricted one only its own",
  async () => {
    const [eu, fedramp] = [namespaceOf("eu"), namespaceOf("fedramp")];
    const id = eu.idFromName("restricted");
    const seen = ["eu", "restricted", String(id)];
    assertEquals(await json(env.PROBE.get(id), "jurisdiction"), seen);
    assertEquals(await json(eu.get(id), "jurisdiction"), seen);
    assertEquals(await json(eu.getByName("restricted"), "jurisdiction"), seen);
    const again = env.PROBE.get(env.PROBE.idFromString(String(id)));
    assertEquals((await json(again, "jurisdiction"))[0], "eu");
    const without = env.PROBE.idFromName("restricted");
    for (const refused of [
      () => fedramp.get(id),
      () => fedramp.idFromString(String(id)),
      () => eu.get(without),
      () => eu.idFromString(String(without)),
      () => eu.newUniqueId({ jurisdiction: "fedramp" }),
    ])
      assertThrows(refused, TypeError);
  },
  { workerd },
);

test("only what is a jurisdiction is one", () => {
  for (const name of ["mars", "EU", ""]) {
    assertThrows(() => env.PROBE.jurisdiction(name));
    assertThrows(() => env.PROBE.newUniqueId({ jurisdiction: name }));
  }
});

test(
  "a restricted namespace cannot be restricted again",
  () => {
    for (const name of ["eu", "fedramp", undefined])
      assertThrows(() => namespaceOf("eu").jurisdiction(name), TypeError);
  },
  { workerd },
);

test(
  "objects of two jurisdictions with one name share nothing",
  async () => {
    const name = `apart-${Date.now()}`;
    assertEquals(await json(namespaceOf("eu").getByName(name), "increment"), 1);
    assertEquals(await json(namespaceOf("us").getByName(name), "increment"), 1);
    assertEquals(await json(env.PROBE.getByName(name), "increment"), 1);
    assertEquals(await json(namespaceOf("eu").getByName(name), "increment"), 2);
  },
  { workerd },
);
