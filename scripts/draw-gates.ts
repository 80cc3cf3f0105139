/** `npx node scripts/draw-gates.ts`: draw the pictures of docs/gates.md anew, from the functions of the gate. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatePictures } from "./pictures/gate-pictures.ts";

for (const [name, svg] of gatePictures())
  writeFileSync(join(import.meta.dirname, "..", "docs", "images", name), svg);
