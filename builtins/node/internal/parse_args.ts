// util.parseArgs, as @pkgjs/parseargs has it; loaded by the first call.
import { parseArgs as implementation } from "@pkgjs/parseargs";
export const parseArgs = implementation as (config?: object) => object;
