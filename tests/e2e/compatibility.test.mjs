// docs/compatibility.md says what Adit shows to a worker today.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { generate } from "../compatibility/generate.mjs";

test("docs/compatibility.md is what a worker sees (node tests/compatibility/generate.mjs writes it)", async () => {
  const committed = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
  assert.equal(await generate(), committed);
});
