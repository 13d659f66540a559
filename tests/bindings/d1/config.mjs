// Two databases, which different threads run; Adit's has an id of its own kind, as a configuration without database_id gives.
export default {
  wrangler: {
    d1_databases: [
      { binding: "D1_MAIN", database_name: "main", database_id: "6f1b0e8c-1111-2222-3333-444455556666" },
      { binding: "D1_OTHER", database_name: "other" },
    ],
  },
  miniflare: { d1Databases: { D1_MAIN: "main", D1_OTHER: "other" } },
};
