// D1: PUT makes a table of 1,000 rows, GET /select reads ten of them by its index, GET /update changes one.
export default {
  async fetch(request, env) {
    if (request.method === "PUT") {
      await env.DB.exec("DROP TABLE IF EXISTS item");
      await env.DB.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, shop INTEGER, name TEXT, price REAL)");
      await env.DB.exec("CREATE INDEX by_shop ON item (shop)");
      const insert = env.DB.prepare("INSERT INTO item (id, shop, name, price) VALUES (?, ?, ?, ?)");
      await env.DB.batch(
        Array.from({ length: 1000 }, (_, i) => insert.bind(i, i % 100, `the item with number ${i}`, i * 1.25)),
      );
      return new Response("ok");
    }
    const number = Math.floor(Math.random() * 100);
    if (request.url.endsWith("/update")) {
      const { meta } = await env.DB.prepare("UPDATE item SET price = price + 1 WHERE id = ?").bind(number).run();
      return Response.json(meta.changes);
    }
    const { results } = await env.DB.prepare("SELECT * FROM item WHERE shop = ?").bind(number).all();
    return Response.json(results);
  },
};
