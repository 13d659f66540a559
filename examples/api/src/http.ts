// What the routes answer with, and what they throw.
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

export function json(value: unknown, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/json; charset=utf-8");
  return new Response(JSON.stringify(value, null, 2) + "\n", { ...init, headers });
}

export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0];
  if (type !== "application/json") throw new HttpError(415, "send application/json");
  try {
    return await request.json();
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
}
