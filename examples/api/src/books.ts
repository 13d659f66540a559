// The API's data: a few books, with filters from the query string.
import { HttpError } from "./http";

export interface Book {
  id: string;
  title: string;
  author: string;
  year: number;
}

const books: Book[] = [
  { id: "frankenstein", title: "Frankenstein", author: "Mary Shelley", year: 1818 },
  { id: "moby-dick", title: "Moby-Dick", author: "Herman Melville", year: 1851 },
  { id: "middlemarch", title: "Middlemarch", author: "George Eliot", year: 1871 },
  { id: "dracula", title: "Dracula", author: "Bram Stoker", year: 1897 },
  { id: "die-verwandlung", title: "Die Verwandlung", author: "Franz Kafka", year: 1915 },
];

export function findBook(id: string): Book | undefined {
  return books.find((book) => book.id === id);
}

export function listBooks(query: URLSearchParams): { books: Book[]; total: number } {
  const after = query.has("after") ? Number(query.get("after")) : -Infinity;
  if (Number.isNaN(after)) throw new HttpError(400, "after is a year");
  const sort = query.get("sort") ?? "title";
  if (sort !== "title" && sort !== "author" && sort !== "year") {
    throw new HttpError(400, "sort is title, author or year");
  }
  const found = books
    .filter((book) => book.year > after)
    .sort((a, b) => (sort === "year" ? a.year - b.year : a[sort].localeCompare(b[sort])));
  return { books: found, total: found.length };
}
