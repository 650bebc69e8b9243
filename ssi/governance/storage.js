// Storage layouts of upgradeable contracts, and whether an upgrade keeps them, by OpenZeppelin's upgrades-core.
//
// stdin:  {"folders": ["contracts/a"], "references": {"A": layout}}
// stdout: {"A": {"layout": layout, "flaws": ["..."], "breaks": null or "..."}}
//
// A contract counts when it is not abstract and inherits UUPSUpgradeable. Nothing is translated into bytecode, so this takes seconds.
const fs = require("fs");
const path = require("path");

const root = path.resolve(__dirname, "../..");
const solc = require(path.join(root, "node_modules/solc"));
const core = require(path.join(root, "node_modules/@openzeppelin/upgrades-core"));
const { keccak256 } = require(path.join(root, "node_modules/ethereumjs-util")); // what upgrades-core hashes with

const mirror = fs.readFileSync(path.join(root, "foundry.toml"), "utf8");
const remappings = [...mirror.matchAll(/"([^"]+=node_modules\/[^"]+)"/g)].map((match) => match[1]);

function listed(folder) {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? listed(name) : name.endsWith(".sol") ? [name] : [];
  });
}

function compiled(input) {
  const read = (file) => {
    const full = path.join(root, file);
    if (!fs.existsSync(full)) return { error: `File not found: ${file}` };
    const content = fs.readFileSync(full, "utf8");
    input.sources[file] = { content };
    return { contents: content };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  return output;
}

// upgrades-core knows contracts by their bytecode. There is none, so the name stands for it.
function named(output) {
  for (const [source, contracts] of Object.entries(output.contracts)) {
    for (const [name, contract] of Object.entries(contracts)) {
      contract.evm = { bytecode: { object: Buffer.from(`${source}:${name}`).toString("hex"), linkReferences: {} } };
    }
  }
  return output;
}

// Without what changes from one compilation to the next: places in the source, numbers of nodes.
function stable(layout) {
  const { storage, types, namespaces, baseSlot } = layout;
  const text = JSON.stringify({ baseSlot, storage, namespaces, types }, (key, value) => (key === "src" || key === "astId" ? undefined : value));
  const node = /(t_(?:struct|enum|contract|userDefinedValueType)\([^()]*\))(\d+)/g;
  const ids = [...new Set([...text.matchAll(node)].map((match) => match[0]))].sort();
  const numbers = new Map(ids.map((id, position) => [id, position + 1]));
  return JSON.parse(text.replace(node, (id, kind) => `${kind}${numbers.get(id)}`));
}

function slotOf(namespace) {
  const inner = BigInt("0x" + keccak256(Buffer.from(namespace)).toString("hex")) - 1n;
  const outer = BigInt("0x" + keccak256(Buffer.from(inner.toString(16).padStart(64, "0"), "hex")).toString("hex"));
  return (outer & ~0xffn).toString(16).padStart(64, "0");
}

function formulaOf(namespace) {
  return `= keccak256(abi.encode(uint256(keccak256("${namespace}")) - 1)) & ~bytes32(uint256(0xff));`;
}

// An annotation is only a comment: the contract that carries it must also use the slot that it names, as a number or by the formula of EIP-7201.
function strayNamespaces(sources, bases, namespaces) {
  // Without the ends of lines: a formatter may break the formula.
  const texts = bases.map((base) => sources[base.split(":")[0]].content.toLowerCase().replace(/\s+/g, " "));
  return Object.keys(namespaces ?? {})
    .map((name) => name.replace(/^erc7201:/, ""))
    .filter((name) => !texts.some((text) => text.includes(slotOf(name)) || text.includes(formulaOf(name.toLowerCase()))))
    .map((name) => `namespace ${name} is annotated, but nothing uses its slot 0x${slotOf(name)}`);
}

const request = JSON.parse(fs.readFileSync(0, "utf8"));
const files = request.folders.flatMap(listed);
const input = {
  language: "Solidity",
  sources: Object.fromEntries(files.map((file) => [file, { content: fs.readFileSync(path.join(root, file), "utf8") }])),
  settings: { remappings, evmVersion: "cancun", outputSelection: { "*": { "*": ["storageLayout"], "": ["ast"] } } },
};
const output = named(compiled(input));
const version = solc.version().split("+")[0];
const namespaced = compiled(core.makeNamespacedInput(input, output, version));
const run = core.validate(output, core.solcInputOutputDecoder(input, output), version, input, namespaced);

const options = core.withValidationDefaults({ kind: "uups" });
const contracts = {};
for (const [fullName, validated] of Object.entries(run)) {
  const [source, name] = fullName.split(":");
  const definition = output.sources[source].ast.nodes.find((node) => node.nodeType === "ContractDefinition" && node.name === name);
  const upgradeable = validated.inherit.some((base) => base.endsWith(":UUPSUpgradeable"));
  if (!request.folders.some((folder) => source.startsWith(`${folder}/`)) || definition.abstract || !upgradeable) continue;
  const layout = core.getStorageLayout(run, validated.version);
  const flaws = core.getErrors(run, validated.version, { kind: "uups" }).map((error) => `${error.kind} at ${error.src}`);
  flaws.push(...strayNamespaces(input.sources, [fullName, ...validated.inherit], layout.namespaces));
  const report = request.references[name] && core.getStorageUpgradeReport(request.references[name], layout, options);
  contracts[name] = { layout: stable(layout), flaws, breaks: !report || report.ok ? null : report.explain(false) };
}
console.log(JSON.stringify(contracts));
