// The cases of constructors.js give what constructors.json says.
import { assertEquals, test } from "../harness.js";
import { makeCases, outcome } from "./constructors.js";
import expected from "./constructors.json";

test("every rule of the constructors of Request, Response and Headers", async () => {
  const cases = makeCases();
  assertEquals(Object.keys(cases).sort(), Object.keys(expected).sort());
  for (const [name, run] of Object.entries(cases)) assertEquals(await outcome(run), expected[name], name);
});
