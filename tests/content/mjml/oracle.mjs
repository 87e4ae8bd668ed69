// npm's mjml over every document: one JSON object on stdout, name to HTML. No fonts, as nobody asked for them.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import mjml2html from "mjml";

const folder = process.argv[2];
const rendered = {};
for (const name of readdirSync(folder).filter((file) => file.endsWith(".mjml")).sort()) {
  const source = readFileSync(join(folder, name), "utf8");
  rendered[name] = mjml2html(source, { fonts: {}, validationLevel: "soft", ignoreIncludes: true }).html;
}
process.stdout.write(JSON.stringify(rendered));
