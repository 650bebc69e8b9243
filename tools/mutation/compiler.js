// solc in a process that stays: it compiles twice as fast once its WebAssembly is warm. One line of JSON is asked, one
// is answered. Imports that are not in the question are read under the folder that is the first argument.
const fs = require("fs");
const path = require("path");
const readline = require("readline");

const root = path.resolve(process.argv[2]);
const solc = require(path.join(root, "node_modules/solc"));
const read = (file) => {
  const full = path.resolve(root, file);
  return fs.existsSync(full) ? { contents: fs.readFileSync(full, "utf8") } : { error: `File not found: ${file}` };
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(JSON.parse(solc.compile(line, { import: read }))) + "\n");
});
