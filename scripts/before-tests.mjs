// What `npm test` needs before its first test: the program and the bundles of its tests, and tap with the plugins of .taprc alone, for which tap
// compiles itself anew after each installation. One uses little more than one core, so both are made at the same time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

async function run(line) {
  const [code] = await once(spawn(line, { shell: true, stdio: 'inherit' }), 'exit')
  if (code !== 0) throw new Error(`This failed: ${line}`)
}

/** As it comes: with a plugin that .taprc takes out. Where nobody can tell, tap finds out by itself, later. */
async function isTapAsInstalled() {
  const built = 'node_modules/@tapjs/test/test-built/dist/esm/index.js'
  return (await readFile(built, 'utf8').catch(() => '')).includes('@tapjs/typescript')
}

async function bundle() {
  await run('npm run build')
  await run('node --import=tsx scripts/build-tests.ts')
}

await Promise.all([bundle(), (await isTapAsInstalled()) ? run('npx tap build') : null])
