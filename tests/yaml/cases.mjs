// Writes each case of the YAML test suite to a file: cases.mjs SUITE DIRECTORY
import { writeFileSync } from "node:fs";

const [suite, directory] = process.argv.slice(2);
const files = (await import(suite)).default;
for (const file of files)
    file.cases.forEach((each, i) => writeFileSync(`${directory}/${file.id}-${i}.yaml`, each.yaml));
