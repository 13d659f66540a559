// Set by Node's own functions whose callback has several results: the names of the promise's properties (util.promisify).
export const customPromisifyArgs: unique symbol = Symbol("customPromisifyArgs") as never;
