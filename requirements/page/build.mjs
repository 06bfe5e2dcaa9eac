// Writes the BLS library into verify.html as one line of script: minified, only what bls.mjs uses, with its licence.
import { readFileSync, writeFileSync } from "node:fs";
import { buildSync } from "esbuild";

const page = new URL("../../src/zhunsheng/draws/verify.html", import.meta.url);
const of = file => readFileSync(new URL("node_modules/@noble/curves/" + file, import.meta.url), "utf8");
const licence = of("LICENSE").replace(/\s+/g, " ").trim();
const { outputFiles } = buildSync({
  entryPoints: [new URL("bls.mjs", import.meta.url).pathname],
  bundle: true, minify: true, format: "iife", globalName: "BLS", target: "es2022", charset: "ascii", legalComments: "none", write: false,
});
const code = outputFiles[0].text.trim();
if (/<\/script|<!--|\n/i.test(code)) throw new Error("the library can't stand in one line of a page");
const line = `<script>/*! @noble/curves ${JSON.parse(of("package.json")).version}, by make page-bls. ${licence} */${code}</script>`;
const text = readFileSync(page, "utf8"), place = /^<script>\/\*! @noble\/curves.*$/m;
if (!place.test(text)) throw new Error("verify.html has no line for the library");
writeFileSync(page, text.replace(place, () => line));
