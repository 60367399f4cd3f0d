// Builds static/dist/: the design system made neutral, our styles and scripts, under names that carry their hash.
// "NHS", its logo, its colour and its font need permission that a study does not have, so they are taken out here.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, parse } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync, transformSync } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const dist = join(root, "static", "dist");
const vendor = join(root, "node_modules", "nhsuk-frontend", "dist", "nhsuk");
const manifest = {};

function keep(name, content) {
  const { name: stem, ext } = parse(name);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  manifest[name] = `${stem}.${hash}${ext}`;
  writeFileSync(join(dist, manifest[name]), content);
  writeFileSync(join(dist, `${manifest[name]}.gz`), gzipSync(content, { level: 9 })); // sent where the browser takes it
}

function neutral(css) {
  const made = css
    .replace(/@font-face\{[^}]*\}/g, "")
    .replace(/"?Frutiger W01"?,\s*arial,\s*sans-serif/gi, 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif')
    .replace(/url\(\/assets\/images\/nhsuk-icon-[a-z-]+\.svg\)/g, "none");
  for (const trace of [/Frutiger/i, /assets\.nhs\.uk/, /url\(\/assets/]) {
    if (trace.test(made)) throw new Error(`the design system's styles still hold ${trace}; adapt neutral()`);
  }
  return made.replace(/\/\*# sourceMappingURL=[^*]*\*\//g, "");
}

// The blur's scripts, WebAssembly and model load each other by name, so they stay together in a folder.
function blur(name) {
  const from = join(root, "node_modules", ...name.split("/"));
  const { version } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  manifest.selfie = `selfie.${version.replaceAll(".", "-")}`;
  mkdirSync(join(dist, manifest.selfie));
  for (const file of readdirSync(from).filter((one) => one.startsWith("selfie_"))) {
    copyFileSync(join(from, file), join(dist, manifest.selfie, file));
  }
}

// Whose work is inside, with the licences that ask to go along. mediapipe and nhsuk-frontend ship none as a file.
const APACHE = "/usr/share/common-licenses/Apache-2.0"; // from Debian's base-files
const LICENCE_ELSEWHERE = {
  "@mediapipe/selfie_segmentation": existsSync(APACHE) ? readFileSync(APACHE, "utf8") : "Apache License, Version 2.0",
  "nhsuk-frontend": "MIT License. Copyright (c) NHS England. Its text is that of the portal's own LICENSE.\n",
};
const inside = new Set(Object.keys(LICENCE_ELSEWHERE));

function noteInside(inputs) {
  for (const path of Object.keys(inputs)) {
    const found = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found) inside.add(found[1]);
  }
}

function thirdParties() {
  const parts = [...inside].sort().map((name) => {
    const from = join(root, "node_modules", ...name.split("/"));
    const { version, license } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
    const file = readdirSync(from).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? readFileSync(join(from, file), "utf8") : LICENCE_ELSEWHERE[name];
    if (!text) throw new Error(`${name} is bundled and brings no licence: find it and add it to LICENCE_ELSEWHERE`);
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  writeFileSync(join(dist, "third-parties.txt"), parts.join(`\n${"=".repeat(80)}\n\n`));
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const vendored = neutral(readFileSync(join(vendor, "nhsuk-frontend-10.6.1.min.css"), "utf8"));
const own = readFileSync(join(root, "static", "css", "portal.css"), "utf8");
keep("portal.css", vendored + transformSync(own, { loader: "css", minify: true }).code);
for (const file of readdirSync(join(root, "static", "css")).filter((one) => one !== "portal.css")) {
  keep(file, transformSync(readFileSync(join(root, "static", "css", file), "utf8"), { loader: "css", minify: true }).code);
}
for (const file of readdirSync(join(root, "static", "js")).filter((one) => one.endsWith(".mjs"))) {
  const built = buildSync({
    entryPoints: [join(root, "static", "js", file)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2020",
    write: false,
    legalComments: "none",
    metafile: true,
  });
  noteInside(built.metafile.inputs);
  keep(file.replace(".mjs", ".js"), built.outputFiles[0].text);
}
blur("@mediapipe/selfie_segmentation");
thirdParties();
writeFileSync(join(dist, "manifest.json"), JSON.stringify(manifest, null, 2));
