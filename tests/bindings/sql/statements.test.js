import { env } from "cloudflare:workers";
import { assert, assertEquals, test } from "../../web/harness.js";
import text from "./statements.test";

/** Parts of the file: a title and its statements with what they give. */
function parse(source) {
  const parts = [];
  for (const block of source.split(/^# /m).slice(2)) {
    const [title, ...lines] = block.split("\n").filter((line) => line !== "");
    const steps = [];
    for (let i = 0; i < lines.length; i += 2) {
      const [sql, bindings = "[]"] = lines[i].slice(2).split(" <- ");
      steps.push({ sql, bindings: JSON.parse(bindings), expected: lines[i + 1] });
    }
    parts.push({ title, steps });
  }
  return parts;
}

for (const { title, steps } of parse(text)) {
  test(title, async () => {
    const stub = env.SQL.get(env.SQL.newUniqueId());
    const body = JSON.stringify({ statements: steps.map(({ sql, bindings }) => ({ sql, bindings })) });
    const results = await (await stub.fetch("https://object/", { method: "POST", body })).json();
    steps.forEach(({ sql, expected }, i) => {
      const result = results[i];
      if (expected.startsWith("! "))
        assert(result.error?.startsWith(`Error: ${expected.slice(2)}`), `${sql}: got ${JSON.stringify(result)}`);
      else assertEquals(JSON.stringify(result), JSON.stringify(JSON.parse(expected)), sql);
    });
  });
}
