// SqlObject runs statements, or a scenario by name, and answers with what came out. An error becomes { error: "Name: message" }.
import { DurableObject } from "cloudflare:workers";
import { scenarios } from "./scenarios.js";

const plain = (value) => {
  if (value instanceof ArrayBuffer) return { octets: [...new Uint8Array(value)] };
  if (value === undefined) return { undefined: true };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Error) return { error: `${value.name}: ${value.message}` };
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
};

export class SqlObject extends DurableObject {
  async fetch(request) {
    const { statements, scenario, parameter } = await request.json();
    if (statements) return Response.json(statements.map((each) => this.run(each)));
    try {
      return Response.json(plain((await scenarios[scenario](this.ctx, parameter, this)) ?? null));
    } catch (error) {
      return Response.json({ error: `${error.name}: ${error.message}` });
    }
  }

  run({ sql, bindings }) {
    try {
      return plain(this.ctx.storage.sql.exec(sql, ...bindings).toArray());
    } catch (error) {
      return { error: `${error.name}: ${error.message}` };
    }
  }
}

export class NoSqlObject extends SqlObject {}
