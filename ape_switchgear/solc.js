#!/usr/bin/env node
// Looks like native solc to py-solc-x, ape-solidity, forge and crytic-compile, but runs npm's build of
// the same compiler. It speaks what they use: --version and --standard-json.
"use strict";

const fs = require("fs");
const path = require("path");
const solc = require("solc");

function fail(message) {
  console.error(`solc: ${message}`);
  process.exit(1);
}

const include = [];
const allow = [];
let base = process.cwd();
let input = 0; // standard input
let mode;

// Both "--option value" and "--option=value".
const words = process.argv.slice(2).flatMap((word) => word.match(/^(--[^=]+)=(.*)$/s)?.slice(1) ?? [word]);
while (words.length > 0) {
  const word = words.shift();
  if (word === "--version" || word === "--standard-json") mode = word;
  else if (word === "--base-path") base = words.shift();
  else if (word === "--include-path") include.push(words.shift());
  else if (word === "--allow-paths") allow.push(...words.shift().split(","));
  else if (word === "-") input = 0;
  else if (!word.startsWith("-")) input = word;
  else fail(`${word} is not supported by this stand-in for the native compiler`);
}

// As strict as the native compiler, which follows no link to anywhere else: what works here works there.
function allowed(file) {
  return [base, ...include, ...allow].some((folder) => {
    if (!fs.existsSync(folder)) return false;
    const way = path.relative(fs.realpathSync(folder), fs.realpathSync(file));
    return !way.startsWith("..") && !path.isAbsolute(way);
  });
}

function read(name) {
  for (const folder of [base, ...include]) {
    const file = path.resolve(folder, name);
    if (!fs.existsSync(file)) continue;
    if (!allowed(file)) return { error: `File outside of allowed directories: ${name}` };
    return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `File not found: ${name}` };
}

if (mode === "--version") {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (mode === "--standard-json") {
  console.log(solc.compile(fs.readFileSync(input, "utf8"), { import: read }));
} else {
  fail("this stand-in for the native compiler only knows --version and --standard-json");
}
