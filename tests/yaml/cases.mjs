// Writes the cases of the YAML test suite, a file each: cases.mjs SUITE FOLDER
import { writeFileSync } from "node:fs";

const [suite, folder] = process.argv.slice(2);
const files = (await import(suite)).default;
for (const file of files)
    file.cases.forEach((each, i) => writeFileSync(`${folder}/${file.id}-${i}.yaml`, each.yaml));
