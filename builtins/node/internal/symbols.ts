// Symbols that Node's modules share.
export const customPromisify: unique symbol = Symbol.for("nodejs.util.promisify.custom") as never;
