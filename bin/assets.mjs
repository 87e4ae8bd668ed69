// Copies what the pages need from node_modules into app/static/vendor, makes one file each of the code editor, of the
// menus that are searched and of the charts, and draws every icon of app/static/icons.txt into one style sheet, so that
// a page asks for all of them at once.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const vendor = join(root, "app", "static", "vendor");
const iconList = join(root, "app", "static", "icons.txt");

function build() {
  const icons = iconNames().map(iconRule); // first: a wrong name must leave the last good build alone
  rmSync(vendor, { recursive: true, force: true });
  mkdirSync(join(vendor, "files"), { recursive: true });
  copy("htmx.org/dist/htmx.min.js");
  copyStyle("@tabler/core/dist/css/tabler.min.css", "tabler.min.css");
  copyFont("@fontsource-variable/inter/wght.css", "inter.css");
  bundle("editor");
  bundle("choosing");
  bundle("charts");
  writeFileSync(join(vendor, "icons.css"), icons.join("\n") + "\n");
}

// What is written in app/static/js/NAME, with the packages that it names.
function bundle(name) {
  buildSync({
    entryPoints: [join(root, "app", "static", "js", name, "index.js")],
    outfile: join(vendor, `${name}.js`),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
    nodePaths: [modules],
  });
}

function copy(path, to = basename(path)) {
  copyFileSync(join(modules, path), join(vendor, to));
}

// Without its last line, which would send the browser's tools looking for a source map.
function copyStyle(path, to) {
  const css = readFileSync(join(modules, path), "utf8");
  writeFileSync(join(vendor, to), css.replace(/\/\*# sourceMappingURL=.*?\*\/\s*$/, ""));
}

function copyFont(path, to) {
  copyStyle(path, to);
  const css = readFileSync(join(vendor, to), "utf8");
  for (const [, file] of css.matchAll(/url\(\.\/(files\/[^)]+)\)/g)) copy(join(dirname(path), file), file);
}

function iconNames() {
  const lines = readFileSync(iconList, "utf8").split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line && !line.startsWith("#")))].sort();
}

function iconRule(name) {
  const file = join(modules, "@tabler/icons/icons/outline", `${name}.svg`);
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(file)) {
    throw new Error(`app/static/icons.txt names “${name}”, but Tabler has no outline icon of that name.`);
  }
  return `.i-${name} { --src: url("data:image/svg+xml,${asUri(readFileSync(file, "utf8"))}"); }`;
}

function asUri(svg) {
  return svg
    .replace(/<!--.*?-->/gs, "")
    .replace(/\s*class="[^"]*"/, "")
    .replace(/<path stroke="none" d="M0 0h24v24H0z"[^>]*>/, "")
    .replace(/\s+/g, " ")
    .replace(/> </g, "><")
    .replace(/ ?(\/?)> ?/g, "$1>")
    .trim()
    .replaceAll('"', "'")
    .replace(/[%#<>]/g, encodeURIComponent);
}

try {
  build();
} catch (error) {
  console.error(`assets: ${error.message}`);
  process.exit(1);
}
