// Packages in builtins/node that come without types of their own.
declare module "@pkgjs/parseargs";
declare module "readable-stream/lib/ours/browser.js";
declare module "url/url.js";
