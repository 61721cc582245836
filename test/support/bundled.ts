import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/** By the path of the script. */
const bundles = new Map<string, Promise<string>>()

/**
 * A script of the tests as one file of JavaScript, which Node starts in a quarter of the time that it needs with tsx; made once for
 * all tests of this process, and gone with it. Packages with a binary stay outside.
 */
export function bundled(script: string): Promise<string> {
  const known = bundles.get(script) ?? bundle(script)
  bundles.set(script, known)
  return known
}

async function bundle(script: string): Promise<string> {
  mkdirSync('build', { recursive: true })
  const folder = mkdtempSync(join('build', 'bundled-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const outfile = resolve(folder, 'script.mjs')
  await build({
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20.19', logLevel: 'silent', outfile },
    entryPoints: [script],
    external: ['libsql', '@napi-rs/keyring', 'undici', 'pg-native'],
    // For packages that are CommonJS.
    banner: {
      js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
    },
  })
  return outfile
}
