// Bundles the app into bach_lib/web/static/: a file for each way in, and what several of them load. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const here = new URL(".", import.meta.url);
const target = new URL("../bach_lib/web/static/", here);

const sources = readdirSync(new URL("src/", here)).sort();
const texts = readdirSync(new URL("../custom_components/bach/translations/", here)).sort().map((name) => `../custom_components/bach/translations/${name}`);
// Sentences that no file of the library names are Home Assistant's own dialogs and actions: no page of ours ever says one.
const library = readdirSync(new URL("../bach_lib/", here), { recursive: true }).filter((name) => name.endsWith(".py"));
const named = library.map((name) => readFileSync(new URL(`../bach_lib/${name}`, here), "utf8")).join("");
const ours = (sentences) => Object.fromEntries(Object.entries(sentences).filter(([key]) => named.includes(`"${key}"`)));
const onlyOurs = {
  name: "only our sentences",
  setup: ({ onLoad }) =>
    onLoad({ filter: /translations\/\w+\.json$/ }, ({ path }) => {
      const { config_panel, exceptions } = JSON.parse(readFileSync(path, "utf8"));
      return { contents: JSON.stringify({ config_panel, exceptions: ours(exceptions) }), loader: "json" };
    }),
};

const version = createHash("sha256");
for (const name of [...sources.map((one) => `src/${one}`), "build.mjs", "package-lock.json", ...texts]) version.update(readFileSync(new URL(name, here)));
version.update(Object.keys(ours(JSON.parse(readFileSync(new URL("../custom_components/bach/translations/en.json", here))).exceptions)).join());
const BACH_VERSION = JSON.stringify(version.digest("hex").slice(0, 12));

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
await build({
  absWorkingDir: new URL(".", here).pathname,
  entryPoints: ["src/panel.ts", "src/page.ts", "src/card-loader.ts", "src/page.css"],
  outdir: target.pathname,
  bundle: true,
  plugins: [onlyOurs],
  splitting: true,
  chunkNames: "shared-[hash]",
  minify: true,
  format: "esm",
  charset: "utf8", // what modules are in; else each letter with an accent would take six
  target: "es2022",
  define: { BACH_VERSION },
  legalComments: "none", // LICENSES.txt has them whole
});
writeFileSync(new URL("version.txt", target), `${JSON.parse(BACH_VERSION)}\n`);
const licences = ["lit", "lit-html", "lit-element", "@lit/reactive-element"].map(
  (name) => `${name}\n\n${readFileSync(new URL(`node_modules/${name}/LICENSE`, here), "utf8")}`,
);
writeFileSync(new URL("LICENSES.txt", target), licences.join("\n\n"));
