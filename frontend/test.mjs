// Runs the tests of the app: each is bundled as the app is, and Node.js runs them in a page of happy-dom.
import { readdirSync, rmSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { build } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const outdir = `${here}.tests`;
const tests = readdirSync(`${here}test`).filter((name) => name.endsWith(".test.ts"));

rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: tests.map((name) => `${here}test/${name}`),
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  target: "es2022",
  conditions: ["browser"],
  external: ["node:*", "happy-dom"],
  inject: [`${here}test/page.ts`],
  define: { BACH_VERSION: '"built"' },
});
const results = run({ files: tests.map((name) => `${outdir}/${name.replace(/ts$/, "mjs")}`) });
results.on("test:fail", () => (process.exitCode = 1));
results.compose(new spec()).pipe(process.stdout);
