// Runs @changesets/cli for both packages as one: `npm run changeset`, `npm run changeset -- version`. They have one version and one
// changelog, and the tool names the other package's exact version, which changesets on workspaces would make a major release of each time.
// So it sees one package, and the other one follows.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const fleet = 'fluxloop-keys-fleet'
const workspaces = /^ {2}"workspaces": \[[^\]]*\],\n/m

const before = readFileSync('package.json', 'utf8')
const [block] = workspaces.exec(before) ?? []
if (block === undefined) throw new Error('package.json has no workspaces to hide')

function writeVersion(file, change) {
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  change(manifest)
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

writeFileSync('package.json', before.replace(block, ''))
let ended = null
try {
  ended = spawnSync('node_modules/.bin/changeset', process.argv.slice(2), { stdio: 'inherit' })
} finally {
  const place = /^ {2}"publishConfig": /m
  writeFileSync(
    'package.json',
    readFileSync('package.json', 'utf8').replace(place, match => block + match),
  )
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
if (version !== JSON.parse(before).version) {
  writeVersion('package.json', manifest => (manifest.peerDependencies[fleet] = version))
  writeVersion('fleet/package.json', manifest => (manifest.version = version))
}
process.exitCode = ended?.status ?? 1
